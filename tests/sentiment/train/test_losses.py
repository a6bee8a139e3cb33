"""A head without labels costs nothing; right answers cost less than wrong ones."""

from __future__ import annotations

import torch

from sentiment.labels import CATEGORIES
from sentiment.train.losses import UNKNOWN, Targets, category_weights, loss


def targets(sentiment: int = UNKNOWN, urgency: int = UNKNOWN, weight: float = 1.0) -> Targets:
    return Targets(
        torch.tensor([sentiment]), torch.tensor([urgency]), torch.tensor([UNKNOWN]), torch.tensor([UNKNOWN]),
        torch.tensor([weight]), torch.tensor([1.0]), torch.zeros(1, 4),
    )  # fmt: skip


def outputs(sentiment: list[float], urgency: list[float]) -> dict[str, torch.Tensor]:
    return {
        "sentiment": torch.tensor([sentiment], dtype=torch.float32),
        "urgency": torch.tensor([urgency], dtype=torch.float32),
        "category": torch.zeros(1, len(CATEGORIES)),
        "reply": torch.zeros(1, 1),
        "vector": torch.ones(1, 4) / 2,
    }


EVEN = category_weights([1.0] * len(CATEGORIES))


def test_only_known_labels_count() -> None:
    found = outputs([0, 0, 0], [0, 0, 0])
    assert loss(found, targets(), EVEN) == {}
    assert set(loss(found, targets(sentiment=0), EVEN)) == {"sentiment"}


def test_urgency_is_ordinal() -> None:
    calm, near, right = [-5.0, -5.0, -5.0], [5.0, 5.0, -5.0], [5.0, 5.0, 5.0]
    costs = [
        loss(outputs([0, 0, 0], said), targets(urgency=3), EVEN)["urgency"].item()
        for said in (calm, near, right)
    ]
    assert costs[0] > costs[1] > costs[2]


def test_weights_are_a_weaker_voice() -> None:
    found = outputs([0, 0, 0], [0, 0, 0])
    full = loss(found, targets(urgency=2), EVEN)["urgency"].item()
    weak = loss(found, targets(urgency=2, weight=0.1), EVEN)["urgency"].item()
    assert abs(weak - full / 10) < 1e-6


def test_rare_categories_weigh_more() -> None:
    weights = category_weights([100.0] + [1.0] * (len(CATEGORIES) - 1))
    assert weights[1] > weights[0]
    assert abs(weights.mean().item() - 1) < 1e-6
