"""`allears source preview`: try a query, saved or not, and print hits, examples and cost."""

from __future__ import annotations

from datetime import timedelta

import click

from listener import brands, preview, sources
from listener.cli.common import App, duration, pairs, print_json
from listener.preview import Cost, Preview
from listener.query import Query, parse

SHOWN = 100  # characters of an example
FEW = 10  # below it tenths of a read are told


@click.command("preview")
@click.argument("name", required=False)
@click.option("--query", "queries", multiple=True, help="The query to try; default: the brand's own.")
@click.option("--brand", help="Whose queries to try, and whose stored mentions to look at.")
@click.option("--kind", help="Try a source that is not saved: its kind, with --set as in `source add`.")
@click.option(
    "--set", "settings", multiple=True, help="key=value, key=env:VAR, or key=- to read it from stdin."
)
@click.option("--examples", is_flag=True, help="Also read a few posts where the platform bills reads.")
@click.option("--since", default="7d", show_default=True, help="How far back stored mentions are tried.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def previewed(  # noqa: PLR0913 - one parameter an option
    app: App,
    name: str | None,
    *,
    queries: tuple[str, ...],
    brand: str | None,
    kind: str | None,
    settings: tuple[str, ...],
    examples: bool,
    since: str,
    as_json: bool,
) -> None:
    """Show how many hits a query has and what it will cost, before anything is saved.

    NAME asks the platform through that source, --kind one that is not saved yet; without both, stored mentions are
    tried. Nothing is stored; reads that the platform bills count against the source's reads_per_day.

    \b
    Example:
      allears source preview social --query 'acme OR #acmetv'
      allears source preview --kind x --set bearer_token=env:TOKEN --query 'acme lang:en'
    """
    if name and kind:
        message = "give the name of a source, or --kind for one that is not saved, not both"
        raise click.UsageError(message)
    wanted = _queries(app, name, brand, queries)
    if name:
        found = preview.live(app.db, app.ground, name, wanted, posts=examples)
    elif kind:
        found = preview.live_unsaved(app.ground, kind, pairs(settings), wanted)
    else:
        found = _stored(app, brand, wanted, since)
    if as_json:
        print_json(found.as_json())
        return
    for line in lines(found):
        click.echo(line)


def _queries(app: App, name: str | None, brand: str | None, texts: tuple[str, ...]) -> list[Query]:
    if texts:
        return [parse(text) for text in texts]
    with app.db.read() as session:
        if name:
            brand_id = sources.named(session, name).brand_id
        elif brand:
            brand_id = brands.named(session, brand)
        else:
            message = "say what to try: --query 'QUERY', or --brand for its own queries"
            raise click.UsageError(message)
        return [query for _, query in brands.queries_of(session, brand_id)]


def _stored(app: App, brand: str | None, wanted: list[Query], since: str) -> Preview:
    brand_ids = None
    if brand:
        with app.db.read() as session:
            brand_ids = [brands.named(session, brand)]
    window = duration(since, flag="--since") or timedelta(days=7)
    return preview.stored(app.db, app.ground, wanted, brand_ids=brand_ids, window=window)


def lines(found: Preview) -> list[str]:
    """Return what is printed for people."""
    days = found.span / timedelta(days=1)
    least = "at least " if found.at_least else ""
    where = {True: f"as {found.kind} counts", False: f"among {found.tried} posts"}[found.counted]
    if found.kind is None:
        where = f"among {found.tried} stored mentions"
    made = [f"{least}{found.hits} hits in {days:.1f} days, {where}: about {found.per_day:.1f} a day"]
    made += [_cost(one, least=found.kind is None) for one in found.costs]
    if found.reads:
        made.append(f"This preview itself read {found.reads} posts.")
    for one in found.samples:
        text = " ".join(one.text.split())
        made.append(f"  {one.posted_at:%Y-%m-%d %H:%M} UTC {one.author}: {text[:SHOWN]}")
        made.append(f"    because of: {', '.join(one.why)}")
    return made


def _cost(one: Cost, *, least: bool) -> str:
    reads = f"{one.reads:.1f}" if one.reads < FEW else f"{one.reads:.0f}"
    said = (
        f"{one.source or one.kind}: {'at least' if least else 'about'} {reads} paid reads a day = "
        f"{one.per_day} {one.currency} a day, {one.per_month} {one.currency} in 30 days "
        f"({one.per_read} {one.currency} a read, {one.known_on:%B %Y})"
    )
    if one.share is None or one.budget is None:
        return f"{said}; no reads_per_day is set"
    warning = "  WARNING: " if one.share > 1 else ""
    return (
        f"{warning}{said}; {one.share:.0%} of the budget of {one.budget.per_day} a day, "
        f"{one.budget.used} used today, it begins again at {one.budget.resets_at:%H:%M} UTC"
    )
