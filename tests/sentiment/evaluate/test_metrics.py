"""Figures against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.evaluate import metrics

TRUTH = np.array([0, 0, 1, 1, 2, 2])
SAID = np.array([0, 1, 1, 1, 2, 0])


def test_confusion_and_classes() -> None:
    table = metrics.confusion(TRUTH, SAID, 3)
    assert table.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]
    first, second, third = metrics.per_class(table)
    assert (first.precision, first.recall, first.f1, first.support) == (0.5, 0.5, 0.5, 2)
    assert second.f1 == pytest.approx(0.8)
    assert third.f1 == pytest.approx(2 / 3)
    assert metrics.macro_f1(table) == pytest.approx((0.5 + 0.8 + 2 / 3) / 3)


def test_classes_that_do_not_occur_are_left_out_of_the_mean() -> None:
    assert metrics.macro_f1(metrics.confusion(np.array([0, 1]), np.array([0, 1]), 4)) == 1.0


def test_kappa_counts_far_errors_more() -> None:
    truth = np.array([0, 1, 2, 3] * 5)
    near, far = truth.copy(), truth.copy()
    near[0], far[0] = 1, 3
    kappas = [metrics.quadratic_kappa(metrics.confusion(truth, said, 4)) for said in (truth, near, far)]
    assert kappas[0] == 1.0
    assert kappas[0] > kappas[1] > kappas[2]
    assert metrics.quadratic_kappa(np.array([[1, 1], [1, 1]])) == pytest.approx(0.0)


def test_calibration() -> None:
    chance = np.array([0.95] * 10 + [0.15] * 10)
    true = np.array([True] * 9 + [False] + [True] * 5 + [False] * 5)
    bins = metrics.reliability(chance, true)
    assert [(item.rows, item.true) for item in bins] == [(10, 0.5), (10, 0.9)]
    assert metrics.calibration_error(bins) == pytest.approx((0.35 + 0.05) / 2)


def test_brier() -> None:
    chances = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert metrics.brier(chances, np.array([0, 1])) == pytest.approx(0.25)
