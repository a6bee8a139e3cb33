"""`allears process`: score and triage all that waits, now, in this process."""

from __future__ import annotations

import json

import click

from alerts import notify
from alerts.triage import triage
from sentiment.score import score
from web.cli import App


@click.command()
@click.option("--once", is_flag=True, required=True, help="Everything that waits, then stop.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def process(app: App, once: bool, as_json: bool) -> None:
    """Score and triage all mentions that are waiting.

    Example: allears process --once
    """
    del once
    db = app.db
    batch = app.settings.sentiment.batch
    scored = 0
    while ids := score(db, app.reader, limit=batch):
        scored += len(ids)
    raised: list[int] = []
    triaged = 0
    while (done := triage(db, limit=batch, settings=app.settings.alerts)) is not None:
        triaged += done.mentions
        raised += done.raised
    notify.raised(db, raised, apprise_urls=app.settings.alerts.apprise_urls)
    if as_json:
        click.echo(json.dumps({"scored": scored, "triaged": triaged, "alerts": len(raised)}))
    else:
        click.echo(f"Scored {scored} mentions, triaged {triaged}, raised {len(raised)} alerts")
