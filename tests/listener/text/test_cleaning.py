"""The door: what is removed, what stays, and that hostile text stays cheap."""

from __future__ import annotations

import sqlite3
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.text import MAX_LENGTH, clean

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    "kept",
    [
        "My order is late",
        "line\n\nanother\tcolumn",
        "ההזמנה מאחרת שבועיים, שָׁלוֹם",
        "Заказ опаздывает — ёж и йод",
        "می‌خواهم",  # Persian spelled with ZWNJ
        "क्‍ष",  # an Indic half form with ZWJ
        "👨‍👩‍👧 ❤️‍🔥 🏳️‍🌈 👍🏽",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
        "1️⃣",
        "אמר \u2067abc\u2069 לי",  # a balanced isolate
        "price 5€\u200f!",
    ],
)
def test_what_people_write_stays(kept: str) -> None:
    assert clean(kept) == kept


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("a\x00b\x07c\x7f", "abc"),
        ("é\x00\x85x\x9b", "é\nx"),
        ("a\r\nb\rc\u2028d\x0be", "a\nb\nc\nd\ne"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("lost \ud83d half", "lost  half"),
        ("paired \ud83d\ude00", "paired 😀"),
        ("ac\u200bme\ufeff and ac\u200dme and ac\u200cme", "acme and acme and acme"),
        ("ac\xadme", "acme"),
        ("safe\u202etxt.exe", "safetxt.exe"),
        ("\u202eabc\u202c d", "abc d"),
        ("\u2066open", "open"),
        ("closed\u2069\u202c", "closed"),
        ("\u2066one\ntwo\u2069", "one\ntwo"),
        ("e\u0301", "é"),
        ("hidden\U000e0041\U000e0042", "hidden"),
    ],
)
def test_what_breaks_stores_and_pages_goes(dirty: str, cleaned: str) -> None:
    assert clean(dirty) == cleaned


def test_piled_up_accents_are_capped() -> None:
    cleaned = clean("z" + "\u0300\u0301\u0302" * 40 + "o")
    assert cleaned[0] == "z"
    assert cleaned[-1] == "o"
    assert len(cleaned) == 7


def test_a_long_text_is_cut_and_says_so() -> None:
    cleaned = clean("word " * 1_000_000)
    assert len(cleaned) <= MAX_LENGTH
    assert cleaned.endswith("word…")
    assert clean("x" * MAX_LENGTH) == "x" * MAX_LENGTH


def test_removed_characters_do_not_push_the_words_out() -> None:
    assert clean("\u200b" * 100_000 + "late é") == "late é"


@given(ANYTHING)
def test_whatever_comes_in_can_be_stored_and_is_clean_already_the_second_time(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert clean(cleaned) == cleaned
    with sqlite3.connect(":memory:") as db:
        assert db.execute("SELECT ?", (cleaned,)).fetchone() == (cleaned,)


@pytest.mark.parametrize(
    "hostile",
    ["a" + "\u0301\u0323" * 2_000_000, "\u202e" * 1_000_000, "😀\u200d" * 1_000_000, "\ud800" * 2_000_000],
    ids=["accents", "overrides", "joiners", "surrogates"],
)
def test_megabytes_of_tricks_cost_milliseconds(hostile: str) -> None:
    began = time.process_time()
    assert len(clean(hostile)) <= MAX_LENGTH
    assert time.process_time() - began < 2  # measured 0.1; without the caps it is minutes
