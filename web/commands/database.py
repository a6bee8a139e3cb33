"""`allears db`: migrate, back up, restore, confirm."""

from __future__ import annotations

from pathlib import Path

import click

from alerts import holding
from web import backup, schema
from web.cli import App


@click.group()
def db() -> None:
    """Migrate, back up and restore the database.

    Example: allears db upgrade
    """


@db.command()
@click.pass_obj
def upgrade(app: App) -> None:
    """Bring the database to this version's schema.

    Example: allears db upgrade
    """
    context = app.context
    done = schema.upgrade(context.db)
    click.echo(f"The database is {'now' if done else 'already'} at revision {schema.current(context.db)}")


@db.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup_command(app: App, file: Path) -> None:
    """Write a consistent copy while everything runs.

    Example: allears db backup monday.backup
    """
    backup.backup(app.db, file)
    click.echo(f"Wrote {file}. Keep {app.loaded.key_file} with it: secrets cannot be read without the key")


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(app: App, file: Path, yes: bool) -> None:
    """Replace the database by a backup; nothing is sent until `allears db confirm`.

    Example: allears db restore monday.backup
    """
    context = app.context
    if not yes:
        click.confirm(f"Replace {context.db.url.render_as_string()} by {file}?", abort=True)
    backup.restore(context.db, file)
    click.echo("Restored. Replies, notifications and digests are held until you run: allears db confirm")


@db.command()
@click.pass_obj
def confirm(app: App) -> None:
    """Let a restored instance send again.

    Example: allears db confirm
    """
    with app.db.work() as session:
        there = holding.confirm(session)
    click.echo("Sending again" if there else "Nothing was held")
