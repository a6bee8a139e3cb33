"""Cleaning keeps what has meaning; windows lose nothing of a text that fits forty of them."""

from __future__ import annotations

import pytest

from sentiment.engine.tokens import MAX_WINDOWS, WINDOW, Tokens, clean, is_empty, windows
from sentiment.engine.weights import SHIPPED, TOKENIZER


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("@acme_help hi  there", "@user hi there"),
        ("see https://example.test/a?b=c and www.example.test", "see http and http"),
        ("mail me at a@b", "mail me at a@b"),
        ("zero\u200bwidth \u202eright", "zerowidth right"),
        ("nooooooooooo!!!!!!!!!", "noooo!!!!"),
        ("half \ud83d emoji", "half emoji"),
        ("line\nbreak\t", "line break"),
        ("לא עובד 😡", "לא עובד 😡"),
        ("WHERE IS MY ORDER @Acme?", "where is my order @user?"),
        ("ЖДЁМ ЦЕЛЫЙ ДЕНЬ", "ждём целый день"),
        ("My TV from ACME", "My TV from ACME"),
        ("USB C", "USB C"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_what_is_empty() -> None:
    assert all(is_empty(clean(text)) for text in ("", " ", ".", "\u200b", "--"))
    assert not any(is_empty(clean(text)) for text in ("?", "😡", "a", "5", "❤️"))


def test_short_texts_are_one_window() -> None:
    assert windows(list(range(WINDOW))) == [list(range(WINDOW))]


def test_every_token_of_a_longer_text_is_in_some_window() -> None:
    ids = list(range(2000))
    cut = windows(ids)
    assert all(len(part) <= WINDOW and part[0] == 0 and part[-1] == 1999 for part in cut)
    assert {token for part in cut for token in part} == set(ids)


def test_of_an_endless_text_the_begin_and_the_end_are_kept() -> None:
    cut = windows(list(range(100_000)))
    assert len(cut) == MAX_WINDOWS
    assert 1 in cut[0]
    assert 99_998 in cut[-1]


def test_pieces_are_the_texts_of_the_windows() -> None:
    tokens = Tokens(SHIPPED / TOKENIZER)
    text = " ".join(f"слово{number}" for number in range(400))
    pieces = tokens.pieces(text)
    assert len(pieces) == len(windows(tokens.encode([text])[0])) > 1
    assert text.startswith(pieces[0])
    assert text.endswith(pieces[-1])
    assert tokens.pieces("short") == ["short"]
