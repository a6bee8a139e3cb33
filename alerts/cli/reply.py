"""`allears reply` and `allears publish`: answer, and send what is due."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from sqlalchemy import select

from alerts import inbox, people, shapes
from alerts import reply as replies
from alerts.models import Reply
from alerts.replying import states


@click.command()
@click.argument("alert_id", type=int, required=False, metavar="[ALERT]")
@click.option("--mention", "mention_id", type=int, help="Answer a mention instead of an alert.")
@click.option("--text", required=True)
@click.option("--as", "email", required=True, help="Who answers.")
@click.option(
    "--undo", type=click.IntRange(0, 60), default=0, show_default=True, help="Seconds before it is sent."
)
@click.option("--again", is_flag=True, help="A second answer to a post that has one.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def reply(
    app: Any,
    alert_id: int | None,
    mention_id: int | None,
    text: str,
    email: str,
    undo: int,
    *,
    again: bool,
    as_json: bool,
) -> None:
    """Answer an alert (the newest post of the customer) or a mention; `allears publish --once` sends what is due.

    Example: allears reply 17 --text "Thank you, we are on it." --as mia@example.test
    """
    if (alert_id is None) == (mention_id is None):
        raise click.UsageError("name either an alert or --mention ID")
    with app.db.read() as session:
        person_id = people.find(session, email).id
        if alert_id is not None:
            mention_id = inbox.get(session, people.viewer(session, person_id), alert_id).latest_mention_id
    assert mention_id is not None  # noqa: S101 - one of the two was given
    reply_id = replies.approve(
        app.db, app.ground, mention_id=mention_id, text=text, person_id=person_id, undo_seconds=undo, origin="cli",
        again=again, settings=app.settings.alerts,
    )  # fmt: skip
    with app.db.read() as session:
        row = session.get_one(Reply, reply_id)
        shown = {"id": row.id, "state": row.state, "send_after": shapes.iso(row.send_after)}
    if as_json:
        click.echo(json.dumps(shown))
    elif shown["state"] == states.AWAITING:
        click.echo(f"Reply {reply_id} waits for approval.")
    else:
        click.echo(f"Reply {reply_id} is approved; it goes out after {shown['send_after']}.")


@click.command()
@click.option("--once", is_flag=True, required=True, help="Everything that is due, then stop.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def publish(app: Any, *, once: bool, as_json: bool) -> None:
    """Send the replies that are due and find out what became of the unclear ones.

    Example: allears publish --once --json
    """
    del once
    ids: list[int] = []
    while batch := replies.send(app.db, app.ground, settings=app.settings.alerts):
        ids += batch
    ids += replies.resolve(app.db, app.ground, settings=app.settings.alerts)
    with app.db.read() as session:
        rows = session.scalars(select(Reply).where(Reply.id.in_(ids)).order_by(Reply.id)).all()
        shown = [shapes.reply(session, row) for row in rows]
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        for row in shown:
            more = row["url"] or row["external_id"] or row["error"] or ""
            click.echo(f"Reply {row['id']}: {row['state']} {more}".rstrip())
        click.echo(f"{len(shown)} replies", err=True)
    if any(row["state"] == states.FAILED for row in shown):
        sys.exit(1)
