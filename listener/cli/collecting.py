"""`allears collect` and `allears coverage`."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from listener import collect as collecting
from listener import coverage as ledger
from listener import log, sources
from listener.cli.common import App, moment, print_json
from listener.db import now
from listener.errors import told

logger = log.get(__name__)


@click.command()
@click.option("--once", is_flag=True, required=True, help="Poll what is due and end.")
@click.option("--source", "name", help="Poll this one now, whatever its schedule or error back-off.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per source.")
@click.pass_obj
def collect(app: App, *, once: bool, name: str | None, as_json: bool) -> None:
    """Poll the sources that are due; exit code 1 when one of them failed.

    \b
    Example:
      allears collect --once --source social --json
    """
    del once
    if name is not None:
        with app.db.read() as session:
            ids = [sources.named(session, name).id]
    else:
        ids = collecting.due(app.db, limit=10_000)
    failed = 0
    if not ids and not as_json:
        click.echo("Nothing is due. `--source NAME` polls one now.")
    for source_id in ids:
        outcome = _poll(app, source_id, force=name is not None)
        if as_json:
            print_json(outcome.as_json())
        else:
            click.echo(_line(outcome))
        failed += outcome.error is not None or (outcome.skipped is not None and name is not None)
    if failed:
        raise SystemExit(1)


def _poll(app: App, source_id: int, *, force: bool) -> collecting.Outcome:
    """Poll one source; a defect in its channel must not keep the next from being polled."""
    try:
        return collecting.poll(app.db, app.ground, source_id, force=force)
    except Exception as defect:
        logger.exception("source.crashed", source_id=source_id)
        return collecting.Outcome(
            str(source_id), error=f"unexpected {type(defect).__name__}", hint="see the log above"
        )


def _line(outcome: collecting.Outcome) -> str:
    if outcome.skipped:
        return f"{outcome.source}: not polled, {outcome.skipped}"
    counts = (
        f"{outcome.fetched} fetched, {outcome.new} new, {outcome.updated} updated, {outcome.duplicates} duplicates, "
        f"{outcome.unmatched} unmatched, {outcome.own} our own"
    )
    more = ", more to read" if outcome.truncated else ""
    if outcome.error:
        return f"{outcome.source}: {counts}{more}\n  Error: {told(outcome.error, outcome.hint)}"
    return f"{outcome.source}: {counts}{more}"


@click.command()
@click.option("--source", "name", help="Only this source.")
@click.option("--since", default="7d", show_default=True, help="A date, or a span back.")
@click.option(
    "--polls", is_flag=True, help="Each poll of --source: window asked, window seen, what became of it."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.pass_obj
def coverage(app: App, *, name: str | None, since: str, polls: bool, as_json: bool) -> None:
    """Show what was seen, truncated, back-filled, and when a source was blind.

    \b
    Example:
      allears coverage --source social --since 24h --polls
    """
    start = moment(since, flag="--since") or now() - timedelta(days=7)
    if polls:
        _polls(app, name, start, as_json=as_json)
        return
    rows = ledger.summary(app.db, source=name, since=start)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    for row in rows:
        for line in row.lines():
            click.echo(line)
    if not rows:
        click.echo("No source yet.")


def _polls(app: App, name: str | None, since: datetime, *, as_json: bool) -> None:
    if name is None:
        message = "--polls shows one source: name it with --source"
        raise click.UsageError(message)
    with app.db.read() as session:
        rows = ledger.lines(session, sources.named(session, name).id, since=since)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    for row in rows:
        click.echo(_poll_line(row))
    if not rows:
        click.echo("No poll in that time.")


def _poll_line(row: ledger.Line) -> str:
    def window(start: datetime | None, end: datetime | None) -> str:
        return f"{start:%m-%d %H:%M} to {end:%m-%d %H:%M}" if start and end else "nothing"

    marks = [
        word
        for word, on in (
            ("pushed", row.pushed),
            ("truncated", row.truncated),
            ("back-filled", row.backfilled),
        )
        if on
    ]
    if row.late:
        marks.append(f"{row.late} shown late")
    if row.ended_at is None:
        marks.append("did not end")
    if row.error:
        marks.append(f"error: {row.error}")
    asked = f"asked {window(row.asked_from, row.started_at)}, " if row.asked_from else ""
    return (
        f"{row.started_at:%Y-%m-%d %H:%M:%S} UTC: {asked}saw {window(row.oldest_at, row.newest_at)}, "
        f"{row.fetched} fetched, {row.new} new{', ' if marks else ''}{', '.join(marks)}"
    )
