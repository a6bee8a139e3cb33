"""`allears brand`."""

from __future__ import annotations

import click

from listener import brands
from listener.cli.common import App


@click.group()
def brand() -> None:
    r"""Brands and the queries that find them.

    \b
    Example:
      allears brand add Acme --query '(acme OR "acme tv") NOT jobs'
    """


@brand.command("add")
@click.argument("name")
@click.option(
    "--query", required=True, help='AND OR NOT "phrase" wild* NEAR~5 lang: channel: author: rating:'
)
@click.option("--competitor", is_flag=True, help="A brand we only hear about and never answer for.")
@click.pass_obj
def add(app: App, name: str, query: str, *, competitor: bool) -> None:
    r"""Add a brand with its first query.

    \b
    Example:
      allears brand add Acme --query 'acme OR #acmetv'
    """
    brand_id = brands.add(app.db, name, query=query, own=not competitor)
    click.echo(f"Brand {name} added ({brand_id}). Next: allears source add …, or allears import …")
