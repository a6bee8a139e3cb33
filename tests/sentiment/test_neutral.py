"""A brand's own name is no opinion, however it is spelt; words that only contain it are left alone."""

from __future__ import annotations

import pytest

from sentiment.neutral import without_words


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("I love War Zone", "I love @user"),
        ("#WarZone and @warzone and war  zone!", "@user and @user and @user!"),
        ("warzones, postwar zone", "warzones, postwar zone"),
        ("Killer Coffee killed it", "@user killed it"),
        ("ничего плохого", "ничего плохого"),
    ],
)
def test_whole_words_in_any_case(text: str, left: str) -> None:
    assert without_words(text, ["War Zone", "killer", "Killer Coffee"]) == left


def test_no_words_no_change() -> None:
    assert without_words("War Zone", []) == "War Zone"
    assert without_words("a.b a+b", ["a+b", " "]) == "a.b @user"
