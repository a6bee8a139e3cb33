"""`allears erase`: one author, everywhere."""

from __future__ import annotations

import click

from web import erase as erasing
from web.cli import App


@click.command()
@click.option("--author", required=True, metavar="CHANNEL:HANDLE")
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@click.pass_obj
def erase(app: App, author: str, dry_run: bool) -> None:
    """Erase one author's texts and name everywhere.

    Example: allears erase --author mastodon:alice@social.example.test --dry-run
    """
    channel, separator, handle = author.partition(":")
    if not separator or not handle:
        message = f"--author {author!r}: write CHANNEL:HANDLE, for example mastodon:alice@social.example.test"
        raise click.BadParameter(message)
    done = erasing.erase(app.db, channel, handle, dry_run=dry_run)
    verb = "Would erase" if dry_run else "Erased"
    click.echo(f"{verb} {done.authors} author, {done.mentions} mentions, in {done.alerts} alerts")
