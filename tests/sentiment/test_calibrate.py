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
    own = Calibration({"other": 1.0}, {"other": ((1, 0), (1, 2), (1, 0))}, (0.5, 0.5, 0.5), (1, 0), 0.5)
    steps = own.steps(np.array([0.0, 0.0, 1.0], np.float32), "en")
    assert list(steps) == sorted(steps, reverse=True)


def test_it_survives_the_configuration_file() -> None:
    lines = {"other": ((1.0, 0.0), (1.0, 2.0), (0.5, 0.0)), "slavic": ((1.0, 1.0), (1.0, 2.0), (0.5, 0.0))}
    own = Calibration({"other": 1.1}, lines, (0.5, 0.4, 0.3), (1, 0.2), 0.45)
    assert Calibration.from_dict(own.as_dict()) == own
    with pytest.raises(KeyError):
        Calibration.from_dict({})
    without = own.as_dict()
    del without["urgency"]["other"]
    with pytest.raises(KeyError):
        Calibration.from_dict(without)


def test_a_family_gets_its_own_steps_and_a_small_one_stays_near_the_common_ones() -> None:
    rng = np.random.default_rng(6)
    count = 3000
    logits = rng.normal(0, 2, (count, 3)).astype(np.float32)
    shift = np.where(np.arange(count) < 1500, 2.0, -2.0)[:, None]
    levels = (rng.random((count, 3)) < calibrate.sigmoid(logits + shift)).sum(axis=1)
    languages = ["ru"] * 1500 + ["en"] * 1490 + ["he"] * 10
    found = calibrate.fit_lines(logits, levels, languages)
    (_, common), (_, ru), (_, en), (_, he) = (
        found[name][1] for name in ("other", "slavic", "germanic", "semitic")
    )
    assert en < common - 0.4 < common + 0.4 < ru
    assert abs(he - common) < 1.5
    own = Calibration({"other": 1.0}, found, (0.5, 0.5, 0.5), (1, 0), 0.5)
    zero = np.zeros(3, np.float32)
    assert own.steps(zero, "ru")[1] > own.steps(zero, "uk")[1] > own.steps(zero, "de")[1]


def test_another_alert_threshold_keeps_the_order_of_levels() -> None:
    own = Calibration({"other": 1.0}, {"other": ((1, 0),) * 3}, (0.4, 0.5, 0.6), (1, 0), 0.5)
    assert own.alerting_from(None) == own
    assert own.alerting_from(0.3).thresholds == (0.3, 0.3, 0.6)
    assert own.alerting_from(0.8).thresholds == (0.4, 0.8, 0.8)
