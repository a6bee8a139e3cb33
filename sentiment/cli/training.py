"""``allears model train``: one command from base and data to a weights folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment.cli import learning
from sentiment.errors import SentimentError

if TYPE_CHECKING:
    from sentiment.train.state import Progress

_BAR = 20
_EXTRA = "Training needs more packages: pip install 'allears[model]'."


@click.command()
@click.option("--base", metavar="FOLDER|NAME",
              help="Folder with e5-small-q4.bin and tokenizer.json, or a Hugging Face name"
              " (intfloat/multilingual-e5-small).")  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path, file_okay=False),
              help="Folder with clean/ and urgency/.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Folder for the finished model; check-points go to OUT/work.")  # fmt: skip
@click.option("--from-corrections", is_flag=True,
              help="Only teach the heads what the team corrected; seconds, no torch.")  # fmt: skip
@click.option("--corrections", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="With --from-corrections: a labelled file instead of the database.")  # fmt: skip
@click.option("--reference", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="With --from-corrections: labelled texts that must not get worse.")  # fmt: skip
@click.option("--no-use", is_flag=True, help="With --from-corrections: do not take it into use.")
@click.option("--version", default="own", show_default=True, help="Goes into the model's name.")
@click.option("--leave-out", default="", metavar="SET,SET", help="Sets not to train on.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Time budget; results then depend on the machine.",
)
@click.option("--batches", type=click.IntRange(min=1), help="Stop after this many (a trial).")
@click.option("--threads", type=click.IntRange(min=1), help="Cores to use; default: all.")
@click.option("--seed", type=int, default=7, show_default=True, help="Order, dropout and new heads.")
@click.option("--full", is_flag=True,
              help="All rows, masked words, three teachers and a student of theirs: for a GPU.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on from the last check-point.")
@click.pass_context
def train(  # noqa: PLR0913, PLR0917 - one option each
    context: click.Context,
    base: str | None,
    data: Path | None,
    out: Path | None,
    corrections: Path | None,
    reference: Path | None,
    version: str,
    leave_out: str,
    minutes: float | None,
    batches: int | None,
    threads: int | None,
    seed: int,
    *,
    full: bool,
    resume: bool,
    from_corrections: bool,
    no_use: bool,
) -> None:
    """Train a model: trim, fine-tune, calibrate, export. A stopped run goes on with --resume.

    Uses CUDA where there is any. The default recipe takes about an hour and a half on two free cores;
    --full is what made the shipped weights, minutes on a large GPU.

    With --from-corrections the heads learn what the team corrected in the panel; the result is used
    from the next start on, unless it is worse on the reference texts.

    Example: allears model train --base e5 --data data --out models/mine --leave-out rusentiment_vk
    """
    if from_corrections or corrections is not None:
        learning.from_corrections(context, corrections, reference, use=not no_use)
        return
    if base is None or data is None or out is None:
        raise click.UsageError("Give --base, --data and --out, or --from-corrections.")
    try:
        import torch  # noqa: PLC0415 - heavy, and only training needs it

        from sentiment.export import export  # noqa: PLC0415
        from sentiment.train import origin, run  # noqa: PLC0415
    except ImportError as error:
        raise click.ClickException(f"{_EXTRA} ({error})") from error
    if threads is not None:
        torch.set_num_threads(threads)
    left = tuple(name.strip() for name in leave_out.split(",") if name.strip())
    recipe = run.Recipe(seed=seed, minutes=minutes, steps=batches, leave_out=left, full=full)
    work = out / "work"
    try:
        folder = origin.folder(base, work)
        checkpoint = run.train(folder, data, work, recipe, resume=resume, report=_show)
        click.echo("Calibrating and exporting.", err=True)
        export(checkpoint, folder, data, out, version=version)
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}.") from error
    click.echo(f"The model is in {out}. Try it: allears model eval FILE --model {out}")


def _show(progress: Progress) -> None:
    losses = " ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
    full = min(round(_BAR * progress.share), _BAR)
    click.echo(
        f"[{'#' * full}{'.' * (_BAR - full)}] {progress.done}/{progress.total} batches,"
        f" {progress.samples_per_s:.0f} texts/s,"
        f" {progress.left_s / 60:.0f} min left | {losses}",
        err=True,
    )
