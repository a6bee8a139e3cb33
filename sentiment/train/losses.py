"""One number to minimise from five outputs, each counted only where its label is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from sentiment.labels import CATEGORIES
from sentiment.train.network import HEADS

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN = -1
SHARES = {"sentiment": 1.0, "urgency": 1.6, "category": 0.8, "reply": 0.5, "vector": 0.6}
SMOOTHING = 0.05
_CRITICAL_WEIGHT = 2.0
"""Extra weight of the rare step from level 2 to 3: a missed critical costs most."""


SOFT = 1.0
"""Weight of what the teachers say of a text, next to its own labels at 1 (HARD where there are both)."""
HARD = 0.5


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels of one batch, on the CPU; UNKNOWN where there is none, zero rows where there is no vector.

    ``soft`` holds the teachers' chances, [rows, sum of HEADS], or is None.
    """

    sentiment: Tensor
    urgency: Tensor
    category: Tensor
    reply: Tensor
    urgency_weight: Tensor
    category_weight: Tensor
    vector: Tensor
    soft: Tensor | None = None


def category_weights(counts: Sequence[float]) -> Tensor:
    """Weights by the inverse root of how often a category is seen, 1 on average."""
    weights = torch.tensor([1.0 / max(count, 1.0) ** 0.5 for count in counts])
    return weights * len(CATEGORIES) / weights.sum()


def loss(outputs: dict[str, Tensor], targets: Targets, categories: Tensor) -> dict[str, Tensor]:
    """Loss per head, already multiplied by its share; heads without labels are left out."""
    # which rows count is decided on the CPU: asking the card would make it wait in every batch
    parts: dict[str, Tensor] = {}
    device = outputs["sentiment"].device

    def known(labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows = (labels != UNKNOWN).nonzero()[:, 0]
        return rows, rows.to(device), labels[rows].to(device)

    rows, at, labels = known(targets.sentiment)
    if len(rows):
        parts["sentiment"] = functional.cross_entropy(
            outputs["sentiment"][at], labels, label_smoothing=SMOOTHING
        )
    rows, at, labels = known(targets.urgency)
    if len(rows):
        reached = (labels[:, None] >= torch.arange(1, 4, device=device)).float()
        parts["urgency"] = _mean(
            _steps(outputs["urgency"][at], reached), targets.urgency_weight[rows].to(device)
        )
    rows, at, labels = known(targets.category)
    if len(rows):
        each = functional.cross_entropy(outputs["category"][at], labels, categories, reduction="none")
        parts["category"] = _mean(each, targets.category_weight[rows].to(device))
    rows, at, labels = known(targets.reply)
    if len(rows):
        each = functional.binary_cross_entropy_with_logits(
            outputs["reply"][at, 0], labels.float(), reduction="none"
        )
        parts["reply"] = _mean(each, targets.urgency_weight[rows].to(device))
    if targets.soft is not None:
        parts = {name: value * HARD for name, value in parts.items()}
        for name, value in _soft(outputs, targets.soft.to(device)).items():
            parts[name] = parts[name] + SOFT * value if name in parts else SOFT * value
    rows = (targets.vector.abs().sum(dim=1) > 0).nonzero()[:, 0]
    if len(rows):
        cosine = (outputs["vector"][rows.to(device)] * targets.vector[rows].to(device)).sum(dim=1)
        parts["vector"] = (1 - cosine).mean()
    return {name: value * SHARES[name] for name, value in parts.items()}


def _soft(outputs: dict[str, Tensor], soft: Tensor) -> dict[str, Tensor]:
    """The same losses against chances instead of labels."""
    mood, steps, category, reply = soft.split(list(HEADS.values()), dim=1)
    return {
        "sentiment": functional.cross_entropy(outputs["sentiment"], mood),
        "urgency": _steps(outputs["urgency"], steps).mean(),
        "category": functional.cross_entropy(outputs["category"], category),
        "reply": functional.binary_cross_entropy_with_logits(outputs["reply"], reply),
    }


def chances(outputs: dict[str, Tensor]) -> Tensor:
    """What a teacher says, [rows, sum of HEADS], in the columns of soft labels."""
    return torch.cat(
        [
            outputs["sentiment"].softmax(dim=1),
            outputs["urgency"].sigmoid(),
            outputs["category"].softmax(dim=1),
            outputs["reply"].sigmoid(),
        ],
        dim=1,
    )


def _steps(logits: Tensor, reached: Tensor) -> Tensor:
    each = functional.binary_cross_entropy_with_logits(logits, reached, reduction="none")
    weights = torch.tensor([1.0, 1.0, _CRITICAL_WEIGHT]).to(each.device, non_blocking=True)
    return (each * weights).mean(dim=1)


def _mean(each: Tensor, weight: Tensor) -> Tensor:
    # divided by the count, not by the weights: a batch of weak rows must stay a weak voice
    return (each * weight).mean()
