"""Fitted numbers repair probabilities that were distorted on purpose."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment import calibrate
from sentiment.calibrate import Calibration


def drawn(count: int = 6000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 1.2, (count, 3))
    chances = calibrate.softmax(logits)
    labels = np.array([rng.choice(3, p=chance) for chance in chances])
    return logits.astype(np.float32), labels


def test_a_temperature_is_recovered() -> None:
    logits, labels = drawn()
    assert calibrate.fit_temperature(logits * 2.5, labels) == pytest.approx(2.5, rel=0.08)


def test_families_get_their_own_and_small_ones_the_common_temperature() -> None:
    logits, labels = drawn(3000)
    languages = ["ru"] * 1500 + ["fr"] * 1450 + ["he"] * 50
    stretched = logits.copy()
    stretched[:1500] *= 3
    found = calibrate.fit_temperatures(stretched, labels, languages)
    assert found["slavic"] == pytest.approx(3, rel=0.15)
    assert found["romance"] == pytest.approx(1, rel=0.15)
    assert "semitic" not in found
    assert set(found) == {"other", "slavic", "romance"}


def test_a_line_is_recovered() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 2, 8000)
    reached = rng.random(8000) < calibrate.sigmoid(0.5 * logits - 1)
    scale, shift = calibrate.fit_line(logits.astype(np.float32), reached)
    assert scale == pytest.approx(0.5, abs=0.05)
    assert shift == pytest.approx(-1, abs=0.08)


def test_the_threshold_with_the_best_f1_is_found() -> None:
    chance = np.array([0.1, 0.25, 0.35, 0.6, 0.9])
    reached = np.array([False, False, True, True, True])
    assert 0.25 < calibrate.fit_threshold(chance, reached) <= 0.35


def test_steps_never_rise() -> None:
    own = Calibration({"other": 1.0}, ((1, 0), (1, 2), (1, 0)), (0.5, 0.5, 0.5), (1, 0), 0.5)
    steps = own.steps(np.array([0.0, 0.0, 1.0], np.float32))
    assert list(steps) == sorted(steps, reverse=True)


def test_it_survives_the_configuration_file() -> None:
    own = Calibration({"other": 1.1}, ((1, 0), (1, 2), (0.5, 0)), (0.5, 0.4, 0.3), (1, 0.2), 0.45)
    assert Calibration.from_dict(own.as_dict()) == own
    with pytest.raises(KeyError):
        Calibration.from_dict({})
