"""The training run: from base and data to a check-point, resumable at any moment.

Writes into one work folder: ``tokenizer.json`` and ``embeddings.bin`` (trimmed vocabulary),
``vectors.npz`` (targets of the similarity vector) and ``checkpoint.pt``. It must not calibrate or
export; those are steps of their own on the finished check-point.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sentiment import base as base_file
from sentiment.engine.embeddings import Embeddings
from sentiment.engine.tokens import Tokens
from sentiment.train import batches, mix, similarity, teacher, vocabulary
from sentiment.train.losses import category_weights, loss
from sentiment.train.network import Network, from_base
from sentiment.train.state import Clock, Progress, State
from sentiment.train.words import Words, bfloat16

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sentiment.base import Base

    Report = Callable[[Progress], None]

CHECKPOINT = "checkpoint.pt"
SAVE_EVERY_S = 120.0
REPORT_EVERY = 20
"""Batches between two progress lines."""
VECTOR_SETS = {
    "urgency": 4000, "banking77": 2500, "airline_tweets": 1500, "complaints_twitter": 1000,
    "umsab_ar": 500, "umsab_de": 500, "umsab_es": 500, "umsab_fr": 500, "umsab_it": 500,
    "umsab_pt": 500, "rusentitweet": 500, "hebrew_fb": 500,
}  # fmt: skip
"""Rows per set that also learn the base's sentence vector."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the outcome of a run."""

    seed: int = 7
    peak: float = 1.4e-4
    head_factor: float = 4.0
    layer_decay: float = 0.93
    weight_decay: float = 0.01
    warm_up: float = 0.06
    minutes: float | None = None
    """Time budget; the learning rate then follows whichever is further, steps or clock."""
    steps: int | None = None
    """Stop after this many batches (for trials)."""
    leave_out: tuple[str, ...] = ()
    rows: int = batches.BATCH_ROWS
    tokens: int = batches.BATCH_TOKENS
    full: bool = False
    """All rows, masked words first, teachers, a student of theirs, an average (`distil`): for a GPU."""


def groups(network: Network, recipe: Recipe) -> list[dict[str, Any]]:
    """Parameter groups: lower layers learn slower, new heads faster, norms without decay."""
    depth = len(network.layers)
    found: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if name.startswith("layers."):
            factor = recipe.layer_decay ** (depth - 1 - int(name.split(".")[1]))
        elif name.startswith(("heads.", "vector.")):
            factor = recipe.head_factor
        else:
            factor = recipe.layer_decay**depth
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        found.setdefault((recipe.peak * factor, decay), []).append(parameter)
    return [
        {"params": parameters, "lr": 0.0, "weight_decay": decay, "rate": peak}
        for (peak, decay), parameters in found.items()
    ]


def rate(share: float, warm_up: float) -> float:
    """Learning rate as a part of its peak after ``share`` (0-1) of the run."""
    if share < warm_up:
        return share / warm_up
    return max(0.0, (1.0 - share) / (1.0 - warm_up))


def prepare(base: Base, tokenizer: Path, data: Path, work: Path, recipe: Recipe) -> batches.Prepared:
    """Vocabulary, samples and similarity targets; what is already in ``work`` is reused."""
    if not (work / "embeddings.bin").exists():
        vocabulary.trim(base, tokenizer, work)
    tokens = Tokens(work / "tokenizer.json")
    samples = mix.compose(data, leave_out=recipe.leave_out, menu=mix.FULL if recipe.full else mix.QUICK)
    return batches.prepare(samples, tokens, _vectors(base, samples, tokens, work))


def _vectors(
    base: Base, samples: list[mix.Sample], tokens: Tokens, work: Path
) -> dict[int, np.ndarray[Any, np.dtype[np.float32]]]:
    left = dict(VECTOR_SETS)
    chosen: list[int] = []
    for number, sample in enumerate(samples):
        name = "urgency" if sample.tokens == mix.TOKENS["urgency"] else sample.row.source
        if left.get(name, 0) > 0:
            left[name] -= 1
            chosen.append(number)
    cache = work / "vectors.npz"
    if cache.exists():
        stored = np.load(cache)
        if np.array_equal(stored["numbers"], chosen):
            return dict(zip(chosen, stored["vectors"].astype(np.float32), strict=True))
    device = here()
    words = Words(Embeddings(work / "embeddings.bin"), device)
    ids = teacher.encode(tokens, [samples[number].row.text for number in chosen])
    found = teacher.vectors(from_base(base).to(device), words, ids)
    np.savez(cache, vectors=found.astype(np.float16), numbers=np.array(chosen))
    return dict(zip(chosen, found, strict=True))


def here() -> torch.device:
    """Where training happens: CUDA where there is any."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(
    folder: Path,
    data: Path,
    work: Path,
    recipe: Recipe,
    *,
    resume: bool = False,
    report: Report | None = None,
) -> Path:
    """Run the recipe and return the check-point. With ``resume`` it goes on where one stopped.

    Raises ModelError for a base and DataError for data that cannot be used.
    """
    from sentiment.train import distil  # noqa: PLC0415 - it stands on this module

    work.mkdir(parents=True, exist_ok=True)
    base = base_file.read(folder / "e5-small-q4.bin")
    prepared = prepare(base, folder / "tokenizer.json", data, work, recipe)
    words = Words(Embeddings(work / "embeddings.bin"), here())
    torch.manual_seed(recipe.seed)
    if recipe.full:
        network, clock = distil.full(distil.Scene(base, words, prepared, work, recipe, resume, report))
    else:
        network = from_base(base).to(words.device)
        plan = batches.plan(prepared, recipe.seed, rows=recipe.rows, tokens=recipe.tokens)
        clock = follow(
            network, words, prepared, plan, recipe, work / CHECKPOINT, resume=resume, report=report
        )
    similarity.fit(network, prepared, words, recipe.seed)
    State(work / CHECKPOINT, network, None).save(clock.done, clock.elapsed())
    record = {
        "seed": recipe.seed,
        "full": recipe.full,
        "batches": clock.done,
        "planned": clock.total,
        "samples": clock.seen,
        "minutes": round(clock.elapsed() / 60, 1),
        "left_out": list(recipe.leave_out),
    }
    (work / "run.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    return work / CHECKPOINT


def follow(
    network: Network,
    words: Words,
    prepared: batches.Prepared,
    plan: Sequence[Sequence[int]],
    recipe: Recipe,
    checkpoint: Path,
    *,
    resume: bool = False,
    report: Report | None = None,
) -> Clock:
    """Train the network on the planned batches; check-points on the way, so that it can go on."""
    device = words.device
    total = min(len(plan), recipe.steps or len(plan))
    network.train()
    optimiser = torch.optim.AdamW(
        groups(network, recipe), betas=(0.9, 0.98), fused=device.type == "cuda" or None
    )
    weights = category_weights(batches.category_counts(prepared)).to(device)
    state = State(checkpoint, network, optimiser)
    done, spent = state.load() if resume else (0, 0.0)
    clock = Clock(total, done, spent, recipe.minutes)
    clock.seen = sum(len(numbers) for numbers in plan[:done])
    half = bfloat16(device)
    for step in range(done, total):
        share = clock.share(step)
        if share >= 1.0:
            break
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * rate(share, recipe.warm_up)
        numbers = plan[step]
        wanted = batches.targets(prepared, numbers, words.hidden)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            outputs = network(*words.padded([prepared.ids[number] for number in numbers]))
        parts = loss({name: value.float() for name, value in outputs.items()}, wanted, weights)
        if parts:
            torch.autograd.backward(torch.stack(list(parts.values())).sum())
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        clock.count(len(numbers))
        if step % REPORT_EVERY == 0 or step + 1 == total:
            # only now and then: reading a number makes a card wait
            clock.note({name: value.item() for name, value in parts.items()})
            if report is not None:
                report(clock.progress(share))
        if clock.due(SAVE_EVERY_S):
            state.save(clock.done, clock.elapsed())
    state.save(clock.done, clock.elapsed())
    return clock
