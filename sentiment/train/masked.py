"""Masked words: the encoder reads the texts of its future work before it learns to judge them.

One word piece in six is hidden and guessed from its neighbours. The word embeddings stay frozen and serve as
the output's matrix too; mask vector, output map and bias live only here and are dropped afterwards.
Source: BERT (Devlin and others 2019), continued on the texts of the task (Gururangan and others 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sentiment.train.batches import cut_by
from sentiment.train.run import REPORT_EVERY, rate
from sentiment.train.state import Clock
from sentiment.train.words import bfloat16

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentiment.train.network import Network
    from sentiment.train.state import Progress
    from sentiment.train.words import Words

HIDDEN_SHARE = 1 / 6
_REPLACED, _RANDOM = 0.8, 0.1
"""Of the hidden pieces: shown as the mask, shown as another piece; the rest is shown as it is."""
_MARKS = 2
"""Begin and end of a text are never hidden."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast."""

    seed: int = 7
    passes: int = 1
    minutes: float | None = None
    peak: float = 4e-4
    warm_up: float = 0.06
    rows: int = 512
    tokens: int = 10_000
    steps: int | None = None
    """Stop after this many batches (for trials)."""


class Guess(nn.Module):
    """The output: state to the chance of every word piece."""

    def __init__(self, hidden: int, vocabulary: int, eps: float = 1e-12) -> None:
        super().__init__()
        self.mask = nn.Parameter(torch.randn(hidden) * 0.02)
        self.map = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden, eps)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, states: Tensor, matrix: Tensor) -> Tensor:
        """States [pieces, hidden] to logits [pieces, vocabulary]."""
        mapped = self.norm(functional.gelu(self.map(states)))
        return functional.linear(mapped, matrix.to(mapped.dtype)) + self.bias


def adapt(
    network: Network,
    words: Words,
    ids: Sequence[Sequence[int]],
    plan: Plan,
    report: Callable[[Progress], None] | None = None,
) -> Clock:
    """Train the encoder in place on texts given as token ids; its heads are not touched."""
    rng = np.random.default_rng(plan.seed)
    device = words.device
    matrix = words.matrix()
    guess = Guess(words.hidden, words.rows).to(device)
    parameters = [*network.parameters(), *guess.parameters()]
    optimiser = torch.optim.AdamW(
        parameters, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01, fused=device.type == "cuda" or None
    )
    batches = _batches(ids, plan, rng)[: plan.steps]
    clock = Clock(len(batches), 0, 0.0, plan.minutes)
    network.train()
    for step, numbers in enumerate(batches):
        share = clock.share(step)
        if share >= 1.0:
            break
        for group in optimiser.param_groups:
            group["lr"] = plan.peak * rate(share, plan.warm_up)
        shown, lengths, places, right, masked = hide(words, [ids[number] for number in numbers], rng)
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16(device)):
            seen = words.look_up(shown)
            seen[masked] = guess.mask.to(seen.dtype)
            states = network.states(seen, lengths)[-1]
            logits = guess(states[places], matrix)
            cost = functional.cross_entropy(logits.float(), right)
        torch.autograd.backward(cost)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        clock.count(len(numbers))
        if step % REPORT_EVERY == 0 or step + 1 == len(batches):
            clock.note({"masked": cost.item()})
            if report is not None:
                report(clock.progress(share))
    return clock


def hide(
    words: Words, ids: Sequence[Sequence[int]], rng: np.random.Generator
) -> tuple[np.ndarray, Tensor, tuple[Tensor, Tensor], Tensor, tuple[Tensor, Tensor]]:
    """Hide pieces of a batch of texts.

    Returns the ids to show, lengths, places (row, column) to guess, the right pieces there, and the places
    that are shown as the mask.
    """
    grid, lengths = words.grid(ids)
    columns = np.arange(grid.shape[1])[None, :]
    inner = (columns > 0) & (columns < lengths[:, None] - 1)
    dice = rng.random(grid.shape)
    hidden = inner & (dice < HIDDEN_SHARE)
    if not hidden.any():
        hidden[:, min(1, grid.shape[1] - 1)] = True
    kind = rng.random(grid.shape)
    right = torch.from_numpy(grid[hidden]).to(words.device)
    swapped = hidden & (kind >= _REPLACED) & (kind < _REPLACED + _RANDOM)
    shown = np.where(swapped, rng.integers(4, words.rows, grid.shape), grid)

    def places(where: np.ndarray) -> tuple[Tensor, Tensor]:
        rows, cells = np.nonzero(where)
        return torch.from_numpy(rows).to(words.device), torch.from_numpy(cells).to(words.device)

    return (
        shown,
        torch.from_numpy(lengths).to(words.device),
        places(hidden),
        right,
        places(hidden & (kind < _REPLACED)),
    )


def _batches(ids: Sequence[Sequence[int]], plan: Plan, rng: np.random.Generator) -> list[list[int]]:
    long_enough = [number for number, item in enumerate(ids) if len(item) > _MARKS + 1]
    found: list[list[int]] = []
    for _ in range(plan.passes):
        order = rng.permutation(long_enough).tolist()
        for start in range(0, len(order), 40 * plan.rows):
            chunk = sorted(order[start : start + 40 * plan.rows], key=lambda number: len(ids[number]))
            cut = cut_by(chunk, ids, plan.rows, plan.tokens)
            found.extend(cut[at] for at in rng.permutation(len(cut)))
    return found
