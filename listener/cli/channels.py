"""`allears channel`: which there are, and the beginning of a new one."""

from __future__ import annotations

from pathlib import Path

import click

from listener import scaffold
from listener.channels import KINDS, channel_type
from listener.cli.common import print_json


@click.group()
def channel() -> None:
    """Kinds of channels: which there are, and a new one to begin with.

    \b
    Example:
      allears channel list
    """


@channel.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
def list_(*, as_json: bool) -> None:
    """Show what can be listened to, and where answers go.

    \b
    Example:
      allears channel list --json
    """
    found = [channel_type(kind) for kind in sorted(KINDS)]
    if as_json:
        print_json(
            [
                {"kind": one.kind, "title": one.title, "replies": one.replies, "receives": one.receives}
                for one in found
            ]
        )
        return
    for one in found:
        can = [
            "listens",
            *(["replies"] if one.replies else []),
            *(["takes webhooks"] if one.receives else []),
        ]
        click.echo(f"{one.kind}: {one.title}, {', '.join(can)}")


@channel.command("new")
@click.argument("kind")
@click.option("--title", help="How people write the platform's name. Default: the kind.")
@click.option(
    "--dir", "root", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".",
    help="The checkout of All Ears. Default: here.",
)  # fmt: skip
def new(kind: str, *, title: str | None, root: Path) -> None:
    """Begin a channel: write four files that work for a plain JSON API, tests included.

    \b
    Example:
      allears channel new acmeforum --title 'Acme Forum'
    """
    for path in scaffold.new(kind, title=title, root=root.resolve()):
        click.echo(f"{'changed' if path == scaffold.REGISTRY else 'written'} {path}")
    click.echo(f"Try it: make test ARGS='tests/contract tests/listener/channels/test_{kind}.py -k {kind}'")
