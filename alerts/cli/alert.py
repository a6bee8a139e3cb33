"""`allears alert`: what needs somebody, as a list or one by one."""

from __future__ import annotations

import json
from typing import Any

import click

from alerts import inbox, shapes
from alerts.people import Viewer

EVERYTHING = Viewer(id=0, role="admin")  # whoever may run commands on this machine may read its database


@click.group()
def alert() -> None:
    """List and show alerts.

    Example: allears alert list --state open --json
    """


@alert.command("list")
@click.option("--state", type=click.Choice(inbox.STATES), default="all", show_default=True)
@click.option("--level", type=click.IntRange(0, 3))
@click.option("--brand", default="", help="Name of a brand.")
@click.option("--channel", default="")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.pass_obj
def list_alerts(app: Any, state: str, level: int | None, brand: str, channel: str, *, as_json: bool) -> None:
    """List alerts, most urgent first.

    Example: allears alert list --level 3
    """
    filters = inbox.Filters(state=state, level=level, brand=brand, channel=channel)
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    with app.db.read() as session:
        while True:
            page = inbox.page(session, EVERYTHING, filters, cursor, limit=500, counted=False)
            found += shapes.alerts(session, page.rows)
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in found:
        due = row["due_at"] or "-"
        click.echo(
            f"{row['id']:>6}  {row['level']}  {row['state']:<8}  {row['brand']}  {row['channel']}  {due}"
        )
    click.echo(f"{len(found)} alerts", err=True)


@alert.command("show")
@click.argument("alert_id", type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def show(app: Any, alert_id: int, *, as_json: bool) -> None:
    """Show one alert with its replies.

    Example: allears alert show 17 --json
    """
    with app.db.read() as session:
        row = inbox.get(session, EVERYTHING, alert_id)
        shown = shapes.alerts(session, [row])[0]
        shown["replies"] = shapes.replies(session, row)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for name, value in shown.items():
        if name == "mention":
            click.echo(
                f"{'author':>10}: {value['author']}\n{'text':>10}: {value['text']}\n{'url':>10}: {value['url']}"
            )
        elif name == "replies":
            for given in value:
                click.echo(f"{'reply':>10}: {given['state']} by {given['by']}: {given['text']}")
        else:
            click.echo(f"{name:>10}: {value}")
