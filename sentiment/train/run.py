"""The training run: from base and data to a check-point, resumable at any moment.

Writes into one work folder: ``tokenizer.json`` and ``embeddings.bin`` (trimmed vocabulary),
``vectors.npz`` (targets of the similarity vector) and ``checkpoint.pt``. It must not calibrate or
export; those are steps of their own on the finished check-point.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
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

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

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


def groups(network: Network, recipe: Recipe) -> list[dict[str, Any]]:
    """Parameter groups: lower layers learn slower, new heads faster, norms without decay."""
    depth = len(network.layers)
    found: list[dict[str, Any]] = []
    for name, parameter in network.named_parameters():
        if name.startswith("layers."):
            factor = recipe.layer_decay ** (depth - 1 - int(name.split(".")[1]))
        elif name.startswith(("heads.", "vector.")):
            factor = recipe.head_factor
        else:
            factor = recipe.layer_decay**depth
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        found.append({"params": [parameter], "lr": 0.0, "weight_decay": decay, "rate": recipe.peak * factor})
    return found


def rate(share: float, warm_up: float) -> float:
    """Learning rate as a part of its peak after ``share`` (0-1) of the run."""
    if share < warm_up:
        return share / warm_up
    return max(0.0, (1.0 - share) / (1.0 - warm_up))


def prepare(
    base: Path, data: Path, work: Path, leave_out: Collection[str]
) -> tuple[Network, Embeddings, batches.Prepared]:
    """Vocabulary, samples and similarity targets; what is already in ``work`` is reused."""
    weights = base_file.read(base / "e5-small-q4.bin")
    if not (work / "embeddings.bin").exists():
        vocabulary.trim(weights, base / "tokenizer.json", work)
    tokens, table = Tokens(work / "tokenizer.json"), Embeddings(work / "embeddings.bin")
    samples = mix.compose(data, leave_out=leave_out)
    network = from_base(weights)
    vectors = _vectors(work / "vectors.npz", samples, network, tokens, table)
    return network, table, batches.prepare(samples, tokens, vectors)


def _vectors(
    cache: Path, samples: list[mix.Sample], network: Network, tokens: Tokens, table: Embeddings
) -> dict[int, np.ndarray[Any, np.dtype[np.float32]]]:
    left = dict(VECTOR_SETS)
    chosen: list[int] = []
    for number, sample in enumerate(samples):
        name = "urgency" if sample.tokens == mix.TOKENS["urgency"] else sample.row.source
        if left.get(name, 0) > 0:
            left[name] -= 1
            chosen.append(number)
    texts = [samples[number].row.text for number in chosen]
    if cache.exists():
        stored = np.load(cache)
        found = stored["vectors"].astype(np.float32)
        if len(found) == len(chosen) and int(stored["numbers"].sum()) == sum(chosen):
            return dict(zip(chosen, found, strict=True))
    found = teacher.vectors(network, tokens, table, texts)
    np.savez(cache, vectors=found.astype(np.float16), numbers=np.array(chosen))
    return dict(zip(chosen, found, strict=True))


def train(
    base: Path,
    data: Path,
    work: Path,
    recipe: Recipe,
    *,
    resume: bool = False,
    report: Callable[[Progress], None] | None = None,
) -> Path:
    """Run the recipe and return the check-point. With ``resume`` it goes on where one stopped.

    Raises ModelError for a base and DataError for data that cannot be used.
    """
    torch.manual_seed(recipe.seed)
    work.mkdir(parents=True, exist_ok=True)
    network, table, prepared = prepare(base, data, work, recipe.leave_out)
    plan = batches.plan(prepared, recipe.seed)
    total = min(len(plan), recipe.steps or len(plan))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).train()
    optimiser = torch.optim.AdamW(groups(network, recipe), betas=(0.9, 0.98))
    weights = category_weights(batches.category_counts(prepared)).to(device)
    state = State(work / CHECKPOINT, network, optimiser)
    done, spent = state.load() if resume else (0, 0.0)
    clock = Clock(total, done, spent, recipe.minutes)
    reached = done
    for step in range(done, total):
        share = clock.share(step)
        if share >= 1.0:
            break
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * rate(share, recipe.warm_up)
        numbers = plan[step]
        words, lengths = teacher.padded([prepared.ids[number] for number in numbers], table)
        wanted = batches.targets(prepared, numbers, table.hidden).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=teacher.bfloat16(device)):
            outputs = network(words.to(device), lengths.to(device))
        parts = loss({name: value.float() for name, value in outputs.items()}, wanted, weights)
        torch.autograd.backward(torch.stack(list(parts.values())).sum())
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        reached = step + 1
        clock.note(len(numbers), {name: value.item() for name, value in parts.items()})
        if report is not None and (step % REPORT_EVERY == 0 or step + 1 == total):
            report(clock.progress(step + 1, share))
        if clock.due(SAVE_EVERY_S):
            state.save(reached, clock.elapsed())
    similarity.fit(network, prepared, table, recipe.seed)
    state.save(reached, clock.elapsed())
    record = {
        "seed": recipe.seed,
        "batches": reached,
        "planned": total,
        "samples": sum(len(numbers) for numbers in plan[:reached]),
        "minutes": round(clock.elapsed() / 60, 1),
        "left_out": list(recipe.leave_out),
    }
    (work / "run.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    return work / CHECKPOINT
