"""One number to minimise from five outputs, each counted only where its label is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from sentiment.labels import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN = -1
SHARES = {"sentiment": 1.0, "urgency": 1.6, "category": 0.8, "reply": 0.5, "vector": 0.6}
SMOOTHING = 0.05
_CRITICAL_WEIGHT = 2.0
"""Extra weight of the rare step from level 2 to 3: a missed critical costs most."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels of one batch; UNKNOWN where there is none, zero rows where there is no vector."""

    sentiment: Tensor
    urgency: Tensor
    category: Tensor
    reply: Tensor
    urgency_weight: Tensor
    category_weight: Tensor
    vector: Tensor

    def to(self, device: torch.device) -> Targets:
        """The same on another device."""
        return Targets(*(getattr(self, name).to(device) for name in self.__slots__))


def category_weights(counts: Sequence[float]) -> Tensor:
    """Weights by the inverse root of how often a category is seen, 1 on average."""
    weights = torch.tensor([1.0 / max(count, 1.0) ** 0.5 for count in counts])
    return weights * len(CATEGORIES) / weights.sum()


def loss(outputs: dict[str, Tensor], targets: Targets, categories: Tensor) -> dict[str, Tensor]:
    """Loss per head, already multiplied by its share; heads without labels are left out."""
    parts: dict[str, Tensor] = {}
    known = targets.sentiment != UNKNOWN
    if known.any():
        parts["sentiment"] = functional.cross_entropy(
            outputs["sentiment"][known], targets.sentiment[known], label_smoothing=SMOOTHING
        )
    known = targets.urgency != UNKNOWN
    if known.any():
        steps = torch.arange(1, 4, device=known.device)
        reached = (targets.urgency[known][:, None] >= steps).float()
        each = functional.binary_cross_entropy_with_logits(
            outputs["urgency"][known], reached, reduction="none"
        )
        each = each * torch.tensor([1.0, 1.0, _CRITICAL_WEIGHT], device=known.device)
        parts["urgency"] = _mean(each.mean(dim=1), targets.urgency_weight[known])
    known = targets.category != UNKNOWN
    if known.any():
        each = functional.cross_entropy(
            outputs["category"][known], targets.category[known], categories, reduction="none"
        )
        parts["category"] = _mean(each, targets.category_weight[known])
    known = targets.reply != UNKNOWN
    if known.any():
        each = functional.binary_cross_entropy_with_logits(
            outputs["reply"][known, 0], targets.reply[known].float(), reduction="none"
        )
        parts["reply"] = _mean(each, targets.urgency_weight[known])
    known = targets.vector.abs().sum(dim=1) > 0
    if known.any():
        cosine = (outputs["vector"][known] * targets.vector[known]).sum(dim=1)
        parts["vector"] = (1 - cosine).mean()
    return {name: value * SHARES[name] for name, value in parts.items()}


def _mean(each: Tensor, weight: Tensor) -> Tensor:
    # divided by the count, not by the weights: a batch of weak rows must stay a weak voice
    return (each * weight).mean()
