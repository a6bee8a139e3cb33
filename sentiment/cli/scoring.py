"""``allears score``: texts in, one JSON object per row out. Needs no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from sentiment import table
from sentiment.cli.common import load_reader
from sentiment.errors import DataError, SentimentError

BATCH = 256
_LANGUAGE_COLUMNS = ("lang", "language")


@click.command()
@click.argument("file", default="-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "_as_json", is_flag=True, help="JSON lines; this is the only output form.")
@click.option("--text-column", default="text", show_default=True, help="Column that holds the text.")
@click.option("--model", "named", metavar="NAME", help="A model folder or Hugging Face name.")
@click.option("--no-reasons", is_flag=True, help="Do not explain urgent texts (faster).")
@click.pass_context
def score(
    context: click.Context,
    file: Path,
    text_column: str,
    named: str | None,
    *,
    _as_json: bool,
    no_reasons: bool,
) -> None:
    """Score the texts of FILE (CSV, TSV or JSON lines, also .gz; "-" = standard input).

    Writes one JSON object per row, in order: language, sentiment, urgency, category, needs_reply,
    reasons. A column "id" is repeated, else rows are numbered from 0; a column "lang" helps.

    Example: allears score reviews.csv --text-column body > scores.jsonl
    """
    from sentiment.reader import as_json  # noqa: PLC0415 - the engine loads only when used

    try:
        rows = _rows(file, text_column)
        first = next(rows, None)
        if first is None:
            return  # no rows in, none out
        reader = load_reader(context, named)
        failed = 0
        for batch in _batches(first, rows):
            readings = reader.read(
                [text for _, text, _ in batch],
                languages=[language for _, _, language in batch],
                reasons=not no_reasons,
            )
            for (row_id, _, _), reading in zip(batch, readings, strict=True):
                failed += reading.error is not None
                click.echo(json.dumps(as_json(reading, row_id), ensure_ascii=False))
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    if failed:
        click.echo(f'{failed} texts could not be scored; their rows have an "error".', err=True)


Item = tuple[Any, str, str | None]


def _batches(first: Item, rest: Iterator[Item]) -> Iterator[list[Item]]:
    batch = [first, *islice(rest, BATCH - 1)]
    while batch:
        yield batch
        batch = list(islice(rest, BATCH))


def _rows(file: Path, column: str) -> Iterator[Item]:
    """Yield (id, text, language tag) per row."""
    if str(file) == "-":
        name = "standard input"
        records = table.read(sys.stdin.buffer.read(), name)
    else:
        name = str(file)
        records = table.read_file(file)
    for number, (line, record) in enumerate(records):
        if column not in record:
            there = ", ".join(map(str, record)) or "none"
            raise DataError(
                f"{name}: line {line}: no column {column!r}; there are: {there}."
                " Name the one with the text by --text-column."
            )
        given = record.get("id")
        text = record[column]
        tag = next((record[key] for key in _LANGUAGE_COLUMNS if record.get(key)), None)
        yield (
            number if given is None or given == "" else given,
            "" if text is None else str(text),
            None if tag is None else str(tag),
        )
