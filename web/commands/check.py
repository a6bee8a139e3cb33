"""`allears check`: try everything that must work, and name what does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click
from sqlalchemy import select

from listener import sources
from listener.models import Source
from web import schema
from web.cli import App, expected_errors, with_hint


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried."""

    what: str
    ok: bool
    said: str


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def check(app: App, as_json: bool) -> None:
    """Open the database, load the model, log in to every channel and the mail server. Exit 1 if anything fails.

    Example: allears check
    """
    findings = list(_findings(app))
    if as_json:
        click.echo(json.dumps({"ok": all(f.ok for f in findings), "checks": [asdict(f) for f in findings]}))
    else:
        for found in findings:
            click.echo(f"{'ok  ' if found.ok else 'FAIL'}  {found.what}: {found.said}")
    if not all(found.ok for found in findings):
        raise click.exceptions.Exit(1)


def _findings(app: App) -> Iterator[Finding]:
    database = _try("database", lambda: _database(app))
    yield database
    yield _try("model", lambda: str(app.reader.name))
    yield _try("mail", lambda: _mail(app))
    if app.settings.queue.url:
        yield _try("queue", lambda: _queue(app))
    if not database.ok:
        return
    with app.db.read() as session:
        known = session.execute(
            select(Source.name, Source.state).where(Source.state != "removed").order_by(Source.name)
        ).all()
    for name, state in known:
        if state == "paused":
            yield Finding(f"source {name}", ok=True, said="paused, not tried")
        else:
            yield _try(f"source {name}", lambda name=name: sources.test(app.db, app.ground, name))  # type: ignore[misc]


def _try(what: str, trial: Callable[[], str]) -> Finding:
    try:
        return Finding(what, ok=True, said=trial())
    except expected_errors() as error:
        return Finding(what, ok=False, said=with_hint(error))


def _database(app: App) -> str:
    return f"{app.db.engine.dialect.name}, revision {schema.current(app.db)}"


def _mail(app: App) -> str:
    if not app.settings.mail.host:
        return "not configured (ALLEARS_MAIL__HOST): no digest or notification is sent"
    said: str = app.mailer.check()
    return said


def _queue(app: App) -> str:
    app.context.connect_queue().send("publish")
    return app.settings.queue.url.partition("://")[0] if app.settings.queue.url else ""
