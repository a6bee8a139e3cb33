"""``allears model``: which models there are, which is used, and how to make and measure one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from listener.settings import find_home
from sentiment import choice, data
from sentiment.cli.common import load_reader, model_name
from sentiment.cli.learning import budget, rescore
from sentiment.cli.training import train
from sentiment.engine import weights
from sentiment.errors import SentimentError


def _folder(name: str) -> Path:
    return weights.NAMED.get(name) or Path(name).expanduser()


def _known(home: Path) -> dict[str, Path]:
    """The shipped models and those in the home's folder ``models``."""
    own = sorted(path.parent for path in (home / "models").glob(f"*/{weights.MANIFEST}"))
    return {**weights.NAMED, **{str(path): path for path in own}}


@click.group()
def model() -> None:
    """List, use, train and evaluate models.

    Example: allears model eval labelled.tsv
    """


model.add_command(train)
model.add_command(budget)
model.add_command(rescore)


@model.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """List the models at hand; the one in use is marked.

    Example: allears model list --json
    """
    try:
        used = model_name(context, None)
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    rows: list[dict[str, Any]] = []
    known = _known(find_home()[0])
    if used not in known:
        known[used] = _folder(used)
    for name, folder in known.items():
        row: dict[str, Any] = {"model": name, "used": name == used, "version": None, "error": None}
        try:
            if folder.is_dir():
                config = weights.check(folder)
                row["version"] = f"{config.name}-{config.version}"
        except SentimentError as error:
            row["error"] = str(error)
        rows.append(row)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        mark = "*" if row["used"] else " "
        click.echo(f"{mark} {row['model']}  {row['version'] or ''}{row['error'] or ''}".rstrip())


@model.command()
@click.argument("name", required=False)
@click.option("--previous", is_flag=True, help="Go back to the model used before.")
def use(name: str | None, *, previous: bool) -> None:
    """Use the model NAME: "default", "fast", a folder, or a Hugging Face name. It is loaded first.

    Running workers take it up when they start again; scores already made keep their model's name.

    Example: allears model use default
    """
    from sentiment.reader import Reader  # noqa: PLC0415 - the engine loads only when used

    if bool(name) == previous:
        raise click.UsageError("Give a model's name, or --previous.")
    home = find_home()[0]
    try:
        wanted = name or choice.previous(home)
        folder = Path(wanted).expanduser()
        if wanted not in weights.NAMED and folder.is_dir():
            wanted = str(folder.resolve())
        loaded = Reader.load(wanted, threads=1).name
        choice.choose(home, wanted)
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"The choice cannot be written to {home}: {error.strerror}.") from error
    click.echo(f"{wanted} ({loaded}) is used from now on, recorded in {home / choice.FILE}.")


@model.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def info(context: click.Context, name: str | None, *, as_json: bool) -> None:
    """Say what a model is: version, calibration, thresholds, how it was trained, file sizes.

    Example: allears model info --json
    """
    try:
        used = model_name(context, name)
        folder = _folder(used)
        config = weights.check(folder)
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    sizes = {file: weights.locate(folder, file).stat().st_size for file in weights.files(folder)}
    document = {
        "model": used,
        "version": f"{config.name}-{config.version}",
        "folder": str(folder),
        "bytes": sizes,
        "calibration": config.calibration,
        "about": config.about,
    }
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    click.echo(f"{document['version']} in {folder}")
    for file, size in sizes.items():
        click.echo(f"  {file:<16}{size / 1e6:>8.1f} MB")
    for key, value in {**config.calibration, **config.about}.items():
        click.echo(f"  {key}: {json.dumps(value, ensure_ascii=False)}")


@model.command("eval")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", "named", metavar="NAME", help="A model folder or Hugging Face name.")
@click.option("--per-set", type=click.IntRange(min=1), default=200, show_default=True,
              help="With a data folder: rows of each set.")  # fmt: skip
@click.option("--cross-fit", is_flag=True,
              help="Fit scales and thresholds anew on four fifths for each fifth: for rows that a model was"
              " calibrated on.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a reliability plot (SVG).")
@click.pass_context
def eval_(
    context: click.Context,
    file: Path,
    named: str | None,
    plot: Path | None,
    *,
    per_set: int,
    cross_fit: bool,
    as_json: bool,
) -> None:
    """Measure a model on FILE: columns text and any of sentiment, urgency, category, needs_reply.

    Columns lang, channel and source make slices. An alert is level 2 or 3; a critical (level 3) is
    caught when it raises one. FILE may be the data folder of a training: then the tenth of every set
    that no training sees is measured.

    Example: allears model eval labelled.tsv --plot reliability.svg
    """
    from sentiment.evaluate import evaluate, show  # noqa: PLC0415 - the engine loads only when used

    try:
        rows = data.read_held_out(file, per_set=per_set) if file.is_dir() else data.read_labelled(file)
        if not any(data.is_labelled(row) for row in rows):
            raise click.ClickException(
                f"{file}: no row has a label. Name columns sentiment, urgency, category or needs_reply."
            )
        if cross_fit:
            from sentiment.evaluate.crossed import Crossed  # noqa: PLC0415 - likewise

            report = evaluate(Crossed(_folder(model_name(context, named)), rows), rows)
        else:
            report = evaluate(load_reader(context, named), rows)
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    if plot is not None:
        try:
            plot.write_text(show.plot(report), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{plot}: cannot be written ({error.strerror}).") from error
    click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else show.table(report))
