"""`allears export`: mentions, alerts or the audit log, to stdout."""

from __future__ import annotations

import click

from alerts.events import record
from web import export as rows_of
from web.cli import App


@click.command()
@click.argument("what", type=click.Choice(["mentions", "alerts", "audit"]))
@click.option("--format", "style", type=click.Choice(["csv", "jsonl"]), default="jsonl", show_default=True)
@click.pass_obj
def export(app: App, what: str, style: str) -> None:
    """Write mentions, alerts or the audit log to stdout.

    Example: allears export mentions --format csv > mentions.csv
    """
    rows = {"mentions": rows_of.mentions, "alerts": rows_of.alerts, "audit": rows_of.audit}[what](app.db)
    header = rows_of.MENTION_COLUMNS if what == "mentions" else None
    lines = rows_of.as_jsonl(rows) if style == "jsonl" else rows_of.as_csv(rows, header)
    with app.db.work() as session:
        record(session, "export", data={"what": what, "format": style})
    for line in lines:
        click.echo(line, nl=False)
