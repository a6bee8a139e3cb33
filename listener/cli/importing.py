"""`allears import`."""

from __future__ import annotations

from pathlib import Path

import click

from listener.cli.common import App, pairs, print_json
from listener.importer import import_file


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--brand", required=True, help="Name of the brand.")
@click.option("--channel", required=True, help="Kind of channel the posts come from.")
@click.option(
    "--map", "mapping", multiple=True, help="FIELD=COLUMN, where the file names a column differently."
)
@click.option("--no-alerts", is_flag=True, help="History: scored and shown, but nothing is raised.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def import_(
    app: App,
    file: Path,
    *,
    brand: str,
    channel: str,
    mapping: tuple[str, ...],
    no_alerts: bool,
    as_json: bool,
) -> None:
    """Import posts of a CSV or JSON lines file; every good row is kept, bad ones are listed (exit code 1).

    Fields: id, text, author, url, posted_at, lang, rating, rating_scale, title, thread_id, parent_id, kind.

    \b
    Example:
      allears import reviews.csv --brand Acme --channel googleplay --map text=review --map rating=stars
    """
    report = import_file(
        app.db, file, brand=brand, channel=channel, mapping=pairs(mapping, flag="--map"), alerts=not no_alerts,
        ground=app.ground,
    )  # fmt: skip
    if as_json:
        print_json(report.as_json())
    else:
        click.echo(
            f"{report.read} read, {report.new} new, {report.updated} updated, {report.duplicate} duplicates"
        )
        for row in report.rejected:
            click.echo(f"  line {row.line}: {row.reason}", err=True)
    if report.rejected:
        click.echo(f"{len(report.rejected)} rows were not imported", err=True)
        raise SystemExit(1)
