"""Words and folding."""

# ruff: noqa: RUF001 - scripts are what is tested

from __future__ import annotations

import time

import pytest

from listener.text import fold, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't @Acme_Help, e-mail ME", ["don", "t", "acme_help", "e", "mail", "me"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("Résumé resume", ["résumé", "resume"]),
        ("Ｗｉｄｅ ﬁne", ["wide", "fine"]),
        ("שָׁלוֹם לַכֹּל", [fold("שָׁלוֹם"), fold("לַכֹּל")]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("acmeは最高", ["acme", "は", "最", "高"]),
        ("best 😡app", ["best", "😡", "app"]),
        ("", []),
    ],
)
def test_words_are_what_readers_call_words(text: str, expected: list[str]) -> None:
    assert words(fold(text)) == expected


def test_folding_a_pile_of_accents_is_linear() -> None:
    began = time.process_time()
    fold("a" + "\u0301\u0323" * 50_000)
    assert time.process_time() - began < 2  # measured 0.01; the bare normalisation is quadratic
