"""Reasons are phrases whose removal was tried and lowered the score."""

from __future__ import annotations

from collections.abc import Sequence

from sentiment.explain import MOST_REASONS, reasons

WEIGHTS = {"fire": 3.0, "burned": 2.0, "calm": -1.0}


def score(texts: Sequence[str]) -> list[float]:
    return [sum(WEIGHTS.get(word.strip(".,"), 0.0) for word in text.split()) for text in texts]


def test_the_words_that_matter_strongest_first() -> None:
    assert reasons("the charger caught fire and later it burned all", score) == ("fire", "burned")


def test_words_that_calm_are_no_reasons() -> None:
    assert reasons("calm fire", score) == ("fire",)


def test_neighbours_become_one_phrase() -> None:
    assert reasons("it is fire burned now", score) == ("fire burned",)


def test_what_stands_for_handles_and_links_is_not_shown() -> None:
    def all_together(texts: Sequence[str]) -> list[float]:
        return [float(text == "@user fire http") for text in texts]

    assert reasons("@user fire http", all_together) == ("fire",)


def test_a_long_text_is_narrowed_down() -> None:
    text = " ".join(["word"] * 60 + ["fire"] + ["word"] * 50)
    found = reasons(text, score)
    assert len(found) == 1
    assert "fire" in found[0]
    assert len(found[0].split()) <= 3


def test_what_is_said_twice_is_still_explained() -> None:
    def twice(texts: Sequence[str]) -> list[float]:
        return [float("fire" in text) for text in texts]

    found = reasons("fire here and fire there", twice)
    assert found
    assert "fire" in found[0]


def test_nothing_to_say() -> None:
    assert reasons("", score) == ()
    assert reasons("so so", score) == ()


def test_never_more_than_three() -> None:
    def count(texts: Sequence[str]) -> list[float]:
        return [float(len(text.split())) for text in texts]

    assert len(reasons("a b c d e f g h", count)) <= MOST_REASONS
