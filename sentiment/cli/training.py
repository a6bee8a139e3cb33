"""``allears model train``: one command from base and data to a weights folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment.errors import SentimentError

if TYPE_CHECKING:
    from sentiment.train.state import Progress

_EXTRA = "Training needs more packages: pip install 'allears[model]'."


@click.command()
@click.option("--base", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Folder with e5-small-q4.bin and tokenizer.json.")  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Folder with clean/ and urgency/.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Folder for the finished model; check-points go to OUT/work.")  # fmt: skip
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
@click.option("--resume", is_flag=True, help="Go on from the last check-point.")
def train(  # noqa: PLR0913, PLR0917 - one option each
    base: Path,
    data: Path,
    out: Path,
    version: str,
    leave_out: str,
    minutes: float | None,
    batches: int | None,
    threads: int | None,
    seed: int,
    *,
    resume: bool,
) -> None:
    """Train a model: trim, fine-tune, calibrate, export. A stopped run goes on with --resume.

    Uses CUDA where there is any. The default recipe takes about an hour on two cores.

    Example: allears model train --base e5 --data data --out models/mine --leave-out rusentiment_vk
    """
    try:
        import torch  # noqa: PLC0415 - heavy, and only training needs it

        from sentiment.export import export  # noqa: PLC0415
        from sentiment.train import run  # noqa: PLC0415
    except ImportError as error:
        raise click.ClickException(f"{_EXTRA} ({error})") from error
    if threads is not None:
        torch.set_num_threads(threads)
    left = tuple(name.strip() for name in leave_out.split(",") if name.strip())
    recipe = run.Recipe(seed=seed, minutes=minutes, steps=batches, leave_out=left)
    work = out / "work"
    try:
        checkpoint = run.train(base, data, work, recipe, resume=resume, report=_show)
        click.echo("Calibrating and exporting.", err=True)
        export(checkpoint, base, data, out, version=version)
    except SentimentError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or out}: {error.strerror}.") from error
    click.echo(f"The model is in {out}. Try it: allears model eval FILE --model {out}")


def _show(progress: Progress) -> None:
    losses = " ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
    click.echo(
        f"{progress.done}/{progress.total} batches, {progress.samples_per_s:.0f} texts/s,"
        f" {progress.left_s / 60:.0f} min left | {losses}",
        err=True,
    )
