"""Heads learn what people corrected on states that stay as they are, and harm is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment import corrections
from sentiment.calibrate import Calibration
from sentiment.corrections import Known, agreement, judged, learn, worse
from sentiment.data import Row
from sentiment.engine.onnx import Logits
from sentiment.errors import DataError

PLAIN = Calibration({"other": 1.0}, {"other": ((1.0, 0.0),) * 3}, (0.5, 0.5, 0.5), (1.0, 0.0), 0.5)
HIDDEN = 24


def made(count: int, seed: int, *, moods: bool = True, wrong: bool = False) -> Known:
    """Texts whose third state says "the team calls this negative and urgent"; the heads ignore it so far."""
    rng = np.random.default_rng(seed)
    rows, logits = [], []
    for number in range(count):
        state = rng.normal(0, 1, HIDDEN).astype(np.float32)
        special = number % 2 == 0
        state[2] = 3.0 if special and not wrong else 0.0
        mood = 0 if special else 2
        row = Row(f"{seed}-{number}", "s", "en", "post", f"text {seed} {number}", mood if moods else None)
        row.urgency = 2 if special else 0
        rows.append(row)
        logits.append(
            Logits(
                sentiment=np.array([0.0, 0.0, 1.0], np.float32),
                urgency=np.array([-1.0, -2.0, -3.0], np.float32),
                category=np.zeros(13, np.float32),
                reply=np.zeros(1, np.float32),
                vector=np.zeros(4, np.float32),
                state=state,
            )
        )
    return Known(rows, logits)


def calm(count: int) -> Known:
    """Reference texts that are right as they are: positive, level 0."""
    known = made(count, 99, wrong=True)
    for row in known.rows:
        row.sentiment, row.urgency = 2, 0
    return known


def test_what_was_corrected_is_learned_and_the_reference_stays() -> None:
    lesson = learn(made(80, 1), calm(30), PLAIN)
    assert lesson.heads is not None
    assert lesson.learned == {"sentiment": 80, "urgency": 80}
    assert lesson.kept_back_before is not None
    assert lesson.kept_back_after is not None
    assert lesson.kept_back_after > lesson.kept_back_before + 0.2
    assert not worse(lesson.reference_before, lesson.reference_after)
    fresh = made(40, 5)
    changed = Known(fresh.rows, [lesson.heads.apply(item) for item in fresh.logits])
    before, after = (agreement(rows, PLAIN, {"sentiment", "urgency"}) for rows in (fresh, changed))
    assert after is not None
    assert before is not None
    assert after > before + 0.2


def test_what_would_harm_the_reference_is_refused() -> None:
    opposite = made(60, 3, wrong=True)  # calls half of all texts negative, by nothing that could be learned
    for row in opposite.rows:
        row.sentiment, row.urgency = 0, 3
    same = Known(calm(60).rows, opposite.logits)  # reference texts with the very states of the corrections
    lesson = learn(opposite, same, PLAIN)
    assert not worse(lesson.reference_before, lesson.reference_after)
    if lesson.heads is not None:
        kept = Known(same.rows, [lesson.heads.apply(item) for item in same.logits])
        assert not worse(judged(same, PLAIN), judged(kept, PLAIN))


def test_a_head_with_few_corrections_is_left_alone() -> None:
    few = made(40, 1, moods=False)
    for row in few.rows[: corrections.FEWEST - 1]:
        row.sentiment = 0
    lesson = learn(few, calm(10), PLAIN)
    assert set(lesson.learned) == {"urgency"}
    assert lesson.heads is None or set(lesson.heads.changes) == {"urgency"}


def test_too_few_to_learn_anything() -> None:
    with pytest.raises(DataError, match=r"2 of sentiment, 2 of urgency.*at least 5"):
        learn(made(2, 1), calm(10), PLAIN)


def test_the_same_corrections_make_the_same_heads() -> None:
    first, second = (learn(made(60, 1), calm(10), PLAIN).heads for _ in range(2))
    assert first is not None
    assert second is not None
    for name, change in first.changes.items():
        assert np.array_equal(change.matrix, second.changes[name].matrix)


def test_worse_names_what_fell() -> None:
    assert worse({"urgency": 0.7, "sentiment": 0.8}, {"urgency": 0.65, "sentiment": 0.8}) == [
        "urgency 0.700 -> 0.650"
    ]
    assert worse({"urgency": 0.7, "alert": 0.8}, {"urgency": 0.69, "alert": 0.82}) == []
    assert worse({"urgency": 0.7, "alert": 0.8}, {"urgency": 0.67, "alert": 0.9}) == [
        "urgency 0.700 -> 0.670"
    ]
