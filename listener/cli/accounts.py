"""`allears account`."""

from __future__ import annotations

import click

from listener import accounts
from listener.cli.common import App, pairs, print_json


@click.group()
def account() -> None:
    r"""Identities on platforms: credentials, limits and health, shared by their sources.

    \b
    Example:
      allears account list
      allears account connect 3 --set access_token=env:TOKEN
    """


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    r"""List all accounts; secrets are masked.

    \b
    Example:
      allears account list --json
    """
    rows = accounts.list_(app.db, app.ground)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    if not rows:
        click.echo("No account yet: `allears source add` makes them.")
    for row in rows:
        known = f" as {row.handle}" if row.handle else ""
        named = ", ".join(row.sources) or "none"
        click.echo(f"{row.id}: {row.kind} {row.base_url}{known}, {row.health}, sources: {named}")
        if row.health_note:
            click.echo(f"  {row.health_note}")


@account.command("connect")
@click.argument("account_id", type=int)
@click.option(
    "--set", "settings", multiple=True, required=True, help="key=value, key=env:VAR, or key=- for stdin."
)
@click.pass_obj
def connect(app: App, account_id: int, settings: tuple[str, ...]) -> None:
    r"""Give an account new credentials or options; its sources keep their cursor and history.

    \b
    Example:
      allears account connect 3 --set access_token=env:TOKEN
    """
    line = accounts.connect(app.db, app.ground, account_id, pairs(settings))
    click.echo(f"OK: {line}")


@account.command("test")
@click.argument("account_id", type=int)
@click.pass_obj
def test(app: App, account_id: int) -> None:
    r"""Try the connection of an account.

    \b
    Example:
      allears account test 3
    """
    click.echo(f"OK: {accounts.test(app.db, app.ground, account_id)}")
