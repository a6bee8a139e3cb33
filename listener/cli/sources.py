"""`allears source`."""

from __future__ import annotations

import shlex
from urllib.parse import quote

import click

from listener import sources
from listener.channels import KINDS
from listener.cli.common import App, duration, moment, pairs, print_json
from listener.errors import told


@click.group()
def source() -> None:
    """What is listened to, where, for which brand.

    \b
    Example:
      allears source add mastodon --name social --brand Acme \\
        --set base_url=https://social.example.test --set access_token=env:TOKEN
      allears source test social
    """


@source.command("add")
@click.argument("kind")
@click.option("--name", required=True, help="A name of your choice; other commands use it.")
@click.option("--brand", required=True, help="Name of the brand.")
@click.option(
    "--set", "settings", multiple=True, help="key=value, key=env:VAR, or key=- to read it from stdin."
)
@click.option("--account", "account_id", type=int, help="Id of a connected account: its log-in is used.")
@click.option("--every", help="Time between polls: 30s, 5m, 2h. Default: the channel's own.")
@click.option("--since", help="How far the first run reads back: a date or a span as 7d. Default: 24h.")
@click.pass_obj
def add(
    app: App,
    kind: str,
    name: str,
    brand: str,
    settings: tuple[str, ...],
    account_id: int | None,
    every: str | None,
    since: str | None,
) -> None:
    """Add a source of KIND.

    \b
    Example:
      allears source add feed --name press --brand Acme --set url=https://news.example.test/rss
    """
    source_id = sources.add(
        app.db, app.ground, kind, name=name, brand=brand, settings=pairs(settings),
        every=duration(every, flag="--every"), since=moment(since, flag="--since"), account_id=account_id,
    )  # fmt: skip
    click.echo(f"Source {name} added. `allears source test {shlex.quote(name)}` tries the connection.")
    if sources.receives(app.db, source_id):
        click.echo(
            f"It also takes webhooks at <public_url>/hooks/{quote(name)}/<its secret>; docs/channels.md says how."
        )


@source.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """List all sources with their state.

    \b
    Example:
      allears source list --json
    """
    rows = sources.list_(app.db)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    if not rows:
        click.echo(
            f"No source yet. Kinds: {', '.join(sorted(KINDS))}. `allears source add KIND --help` shows how."
        )
    for row in rows:
        heard = f"last good {row.last_ok_at:%Y-%m-%d %H:%M} UTC" if row.last_ok_at else "not polled yet"
        click.echo(f"{row.name}: {row.kind} for {row.brand}, {row.state}, every {row.every} s, {heard}")
        if row.reads_today or row.reads_per_day is not None:
            allowed = f" of {row.reads_per_day}" if row.reads_per_day is not None else ""
            click.echo(f"  {row.reads_today}{allowed} paid reads today; counted from 00:00 UTC")
        if row.error:
            click.echo(f"  {told(row.error, row.hint)}")
        if row.stream:
            since = f" since {row.stream_since:%Y-%m-%d %H:%M} UTC" if row.stream_since else ""
            named = "needs attention" if row.stream == "attention" else row.stream
            click.echo(f"  stream {named}{since}")
        if row.stream_error:
            click.echo(f"  {told(row.stream_error, row.stream_hint)}")


@source.command("test")
@click.argument("name")
@click.pass_obj
def test(app: App, name: str) -> None:
    """Try the connection; a source that needed attention goes on when it works.

    \b
    Example:
      allears source test social
    """
    click.echo(f"OK: {sources.test(app.db, app.ground, name)}")


@source.command("set")
@click.argument("name")
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE…")
@click.pass_obj
def set_(app: App, name: str, settings: tuple[str, ...]) -> None:
    """Change what a source listens to; its place and its history stay.

    \b
    Example:
      allears source set social stream=true
    """
    given = pairs(settings)
    sources.change(app.db, app.ground, name, given)
    click.echo(f"Source {name}: {', '.join(sorted(given))} set.")


@source.command("pause")
@click.argument("name")
@click.pass_obj
def pause(app: App, name: str) -> None:
    """Stop polling; nothing is forgotten.

    \b
    Example:
      allears source pause social
    """
    sources.pause(app.db, name)
    click.echo(f"Source {name} paused.")


@source.command("resume")
@click.argument("name")
@click.pass_obj
def resume(app: App, name: str) -> None:
    """Go on from where it stopped.

    \b
    Example:
      allears source resume social
    """
    sources.resume(app.db, name)
    click.echo(f"Source {name} resumed; it is polled next.")


@source.command("remove")
@click.argument("name")
@click.pass_obj
def remove(app: App, name: str) -> None:
    """Remove a source; the mentions it heard stay.

    \b
    Example:
      allears source remove social
    """
    kept = sources.remove(app.db, name)
    click.echo(f"Source {name} removed{f'; its {kept} mentions stay' if kept else ''}.")
