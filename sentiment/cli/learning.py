"""``allears model budget`` and ``rescore``, and the short way of ``train``: what the team's work teaches the model."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listener.settings import find_home
from sentiment import budget as budget_
from sentiment import choice, data
from sentiment.cli.common import load_reader, model_name
from sentiment.errors import DataError, SentimentError
from sentiment.labels import ALERT_LEVEL

if TYPE_CHECKING:
    from sentiment.corrections import Lesson
    from sentiment.data import Row

_NO_DATABASE = "This needs the database: run it as `allears model …`, or name a labelled file."


def from_corrections(context: click.Context, file: Path | None, reference: Path | None, *, use: bool) -> None:
    """Train the heads on corrections and take the result into use when it is not worse."""
    from sentiment import learning  # noqa: PLC0415 - the engine loads only when used
    from sentiment.engine import weights  # noqa: PLC0415

    home = find_home()[0]
    began = time.monotonic()
    try:
        rows = _corrections(context, file)
        now = model_name(context, None)
        below = weights.NAMED.get(now) or weights.SHIPPED
        if now not in weights.NAMED and (Path(now) / weights.MANIFEST).exists():
            borrowed = weights.check(Path(now)).base.get("folder", now)
            below = weights.NAMED.get(borrowed) or Path(borrowed)
        model, lesson = learning.learn(below, rows, reference or learning.REFERENCE)
        _tell(lesson, len(rows), time.monotonic() - began)
        if lesson.heads is None:
            raise click.ClickException(
                "nothing was changed: every attempt got worse on the reference texts or on corrections kept back."
                " Collect more corrections, or check them for contradictions."
            )
        folder = learning.fresh_folder(home)
        name = learning.write(folder, below, model, lesson, len(rows))
        click.echo(f"{name} is in {folder}.")
        if use:
            choice.choose(home, str(folder))
            click.echo("It is used from the next start on. Back: allears model use --previous.")
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or home}: {error.strerror}.") from error


def _corrections(context: click.Context, file: Path | None) -> list[Row]:
    if file is not None:
        return data.read_labelled(file)
    stored = getattr(context.obj, "corrections", None)
    if stored is None:
        raise DataError(_NO_DATABASE)
    rows: list[Row] = stored()
    return rows


def _tell(lesson: Lesson, rows: int, seconds: float) -> None:
    kinds = ", ".join(f"{count} of {name}" for name, count in lesson.learned.items())
    click.echo(f"{rows} corrected mentions ({kinds}), {seconds:.1f} s", err=True)
    for name, before in lesson.reference_before.items():
        after = lesson.reference_after[name]
        click.echo(f"  reference, {name}: {100 * before:.1f} -> {100 * after:.1f}", err=True)
    if lesson.kept_back_before is not None and lesson.kept_back_after is not None:
        click.echo(
            f"  corrections not learned from: {100 * lesson.kept_back_before:.0f} %"
            f" -> {100 * lesson.kept_back_after:.0f} % agree",
            err=True,
        )


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--false-alarms", type=click.FloatRange(min=0), required=True, metavar="N",
              help="A day, at most.")  # fmt: skip
@click.option("--days", type=click.FloatRange(min=0, min_open=True), default=30, show_default=True,
              help="How far back; with FILE: how many days of posts it holds.")  # fmt: skip
@click.option("--save", is_flag=True, help="Use the threshold from the next start on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def budget(
    context: click.Context, file: Path | None, false_alarms: float, days: float, *, save: bool, as_json: bool
) -> None:
    """Find the alert threshold that costs at most N false alarms a day.

    Counts what people made of the mentions of the last days: corrected, closed as not urgent or as
    spam, resolved. What nobody judged counts by its probability. With FILE (columns text, urgency)
    the labels of that file are counted instead.

    Example: allears model budget --false-alarms 3 --days 30 --save
    """
    home = find_home()[0]
    try:
        outcomes = _outcomes(context, file, days)
        if not outcomes:
            raise DataError(f"there is no scored mention of the last {days:g} days; collect some first.")
        found = budget_.within(outcomes, days, false_alarms)
        if save:
            choice.choose_threshold(home, found.threshold)
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{home / choice.FILE}: {error.strerror}.") from error
    judged = sum(item.mattered is not None for item in outcomes)
    if as_json:
        click.echo(json.dumps({**asdict(found), "mentions": len(outcomes), "judged": judged, "saved": save}))
        return
    click.echo(f"{len(outcomes)} mentions in {days:g} days, {judged} of them judged by people")
    click.echo(f"{'threshold':>9} {'alerts/day':>11} {'false/day':>10} {'missed/day':>11} {'caught':>7}")
    shown = sorted({found.threshold, *(round(step / 10, 1) for step in range(1, 10))})
    for threshold in shown:
        row = budget_.price(outcomes, days, threshold)
        mark = " <" if threshold == found.threshold else ""
        click.echo(
            f"{row.threshold:>9.2f} {row.alerts:>11.1f} {row.false_alarms:>10.1f} {row.missed:>11.1f}"
            f" {100 * row.caught:>5.0f} %{mark}"
        )
    if found.false_alarms > false_alarms:
        click.echo("No threshold keeps the budget; the highest one is shown.")
    click.echo(
        f"Recorded in {home / choice.FILE}."
        if save
        else f"Use it: --save, or set [sentiment] alert_threshold = {found.threshold}"
    )


def _outcomes(context: click.Context, file: Path | None, days: float) -> list[budget_.Outcome]:
    if file is None:
        stored = getattr(context.obj, "outcomes", None)
        if stored is None:
            raise DataError(_NO_DATABASE)
        found: list[budget_.Outcome] = stored(timedelta(days=days))
        return found
    rows = [row for row in data.read_labelled(file) if row.urgency is not None]
    readings = load_reader(context, None).read(
        [row.text for row in rows], languages=[row.lang or None for row in rows], reasons=False
    )
    return [
        budget_.Outcome(reading.urgency.score, (row.urgency or 0) >= ALERT_LEVEL)
        for row, reading in zip(rows, readings, strict=True)
    ]


@click.command()
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Only what was collected since.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def rescore(context: click.Context, days: float | None, *, as_json: bool) -> None:
    """Score stored mentions again with the model in use; scores of other models are kept.

    No alert is raised and no stage changes. A stopped run goes on where it was.

    Example: allears model rescore --days 30
    """
    from sentiment.rescore import rescore as run  # noqa: PLC0415 - the engine loads only when used

    app = context.obj
    if not hasattr(app, "db"):
        raise click.ClickException("This needs the database: run it as `allears model rescore`.")
    since = None if days is None else datetime.now(UTC) - timedelta(days=days)
    done = 0
    try:
        reader = app.reader
        for done in run(app.db, reader, since=since):
            click.echo(f"{done} mentions", err=True)
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"rescored": done, "model": reader.name}))
    else:
        click.echo(f"{done} mentions scored again by {reader.name}.")
