"""`allears brand`."""

from __future__ import annotations

from dataclasses import asdict

import click

from listener import brands
from listener.cli.common import App, print_json


@click.group()
def brand() -> None:
    """Brands and the queries that find them.

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
    """Add a brand with its first query.

    \b
    Example:
      allears brand add Acme --query 'acme OR #acmetv'
    """
    brand_id = brands.add(app.db, name, query=query, own=not competitor)
    click.echo(f"Brand {name} added ({brand_id}). Next: allears source add …, or allears import …")


@brand.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_obj
def list_(app: App, *, as_json: bool) -> None:
    """Show the brands with their queries.

    \b
    Example:
      allears brand list --json
    """
    known = brands.list_(app.db)
    if as_json:
        print_json([asdict(row) for row in known])
        return
    if not known:
        click.echo("No brand yet. `allears brand add NAME --query 'QUERY'` adds one.")
    for row in known:
        click.echo(f"{row.name}{'' if row.own else ' (competitor)'}: {'; '.join(row.queries)}")


@brand.command("query")
@click.argument("name")
@click.argument("queries", nargs=-1, required=True)
@click.pass_obj
def query_(app: App, name: str, queries: tuple[str, ...]) -> None:
    """Change the queries that find a brand; `allears source preview` tries them first.

    \b
    Example:
      allears brand query Acme '(acme OR "acme tv") NOT jobs'
    """
    with app.db.read() as session:
        brand_id = brands.named(session, name)
    brands.set_queries(app.db, brand_id, queries)
    click.echo(
        f"{name} is found by {len(queries)} {'query' if len(queries) == 1 else 'queries'} from the next poll on."
    )


@brand.command("words")
@click.argument("name")
@click.argument("words", nargs=-1)
@click.pass_obj
def words_(app: App, name: str, words: tuple[str, ...]) -> None:
    """Set the words of a brand's own name that must not count as an opinion; none = no such words.

    \b
    Example:
      allears brand words 'War Zone' 'war zone' warzone
    """
    kept = brands.set_neutral_words(app.db, name, words)
    click.echo(
        f"{name}: {', '.join(kept) or 'no'} words are read as a name. Mentions scored from now on follow it."
    )
