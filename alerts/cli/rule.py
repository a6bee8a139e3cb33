"""`allears rule`: what raises an alert."""

from __future__ import annotations

import json
from typing import Any

import click

from alerts import rules


@click.group()
def rule() -> None:
    """Rules that raise alerts, tried in order; the default is urgency 2 or more.

    Example: allears rule add "Legal" --words 'lawyer OR court' --min-level 1
    """


@rule.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_rules(app: Any, *, as_json: bool) -> None:
    """List all rules in the order they are tried.

    Example: allears rule list
    """
    with app.db.read() as session:
        rows = [
            {
                "id": row.id, "name": row.name, "position": row.position, "enabled": row.enabled, "action": row.action,
                "brand_id": row.brand_id, "channels": row.channels, "sentiments": row.sentiments,
                "min_level": row.min_level, "words": row.words, "needs_approval": row.needs_approval,
            }
            for row in rules.list_(session)
        ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        state = "" if row["enabled"] else "  (disabled)"
        click.echo(
            f"{row['position']:>4}  {row['name']}: {row['action']} from level {row['min_level']}{state}"
        )
    click.echo("default: alert from level 2; no answer expected: watch")


@rule.command("add")
@click.argument("name")
@click.option("--brand", help="Only this brand.")
@click.option("--channel", "channels", multiple=True)
@click.option("--sentiment", "sentiments", multiple=True)
@click.option("--min-level", type=click.IntRange(0, 3), default=2, show_default=True)
@click.option("--words", help="A query, as of brands.")
@click.option("--action", type=click.Choice(rules.ACTIONS), default="alert", show_default=True)
@click.option("--needs-approval", is_flag=True, help="Replies need a second person.")
@click.option("--position", type=int, default=100, show_default=True, help="Lower is tried first.")
@click.option("--disabled", is_flag=True)
@click.pass_obj
def add_rule(app: Any, /, name: str, *, disabled: bool, **conditions: Any) -> None:
    """Add a rule.

    Example: allears rule add "App reviews" --channel googleplay --sentiment negative --min-level 1
    """
    rule_id = rules.add(app.db, name, enabled=not disabled, **conditions)
    click.echo(f"Added rule {rule_id}.")


@rule.command("enable")
@click.argument("name")
@click.pass_obj
def enable_rule(app: Any, name: str) -> None:
    """Switch a rule on.

    Example: allears rule enable Legal
    """
    rules.enable(app.db, name, enabled=True)
    click.echo(f"{name} is enabled.")


@rule.command("disable")
@click.argument("name")
@click.pass_obj
def disable_rule(app: Any, name: str) -> None:
    """Switch a rule off.

    Example: allears rule disable Legal
    """
    rules.enable(app.db, name, enabled=False)
    click.echo(f"{name} is disabled.")
