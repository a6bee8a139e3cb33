"""Labels are read strictly: what is unknown is an error with its line, what is absent is None."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment import data
from sentiment.errors import DataError
from sentiment.labels import CATEGORIES


def test_all_four_labels_and_their_spellings(tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text(
        "text,language,sentiment,urgency,category,needs_reply\n"
        "late again,en,Negative,2,delivery_delay,yes\n"
        "hello,,neu,,,false\n",
        encoding="utf-8",
    )
    first, second = data.read_labelled(path)
    assert (first.sentiment, first.urgency, first.reply) == (0, 2, 1)
    assert CATEGORIES[first.category or 0] == "delivery_delay"
    assert (first.lang, first.source) == ("en", "labelled.csv")
    assert (second.sentiment, second.urgency, second.category, second.reply) == (1, None, None, 0)
    assert data.is_labelled(second)


@pytest.mark.parametrize(
    ("header", "cells", "says"),
    [
        ("text,urgency", "a,4", "line 2: urgency is '4'; known are 0, 1, 2, 3"),
        ("text,sentiment", "a,angry", "line 2: sentiment is 'angry'"),
        ("body,urgency", "a,1", "line 2: no column named text"),
    ],
)
def test_unknown_labels_are_errors(tmp_path: Path, header: str, cells: str, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(f"{header}\n{cells}\n", encoding="utf-8")
    with pytest.raises(DataError, match=says):
        data.read_labelled(path)


def test_held_out_is_about_a_tenth_and_never_changes() -> None:
    chosen = [number for number in range(5000) if data.held_out(f"row-{number}")]
    assert 400 < len(chosen) < 600
    assert chosen == [number for number in range(5000) if data.held_out(f"row-{number}")]


def test_texts_are_the_same_but_for_case_and_space() -> None:
    rows = [data.Row("1", "s", "en", "tweet", "Hello  World"), data.Row("2", "s", "en", "tweet", "other")]
    assert [row.id for row in data.without(rows, {data.fingerprint("hello world")})] == ["2"]


def test_a_folder_without_sets_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sets"):
        data.set_names(tmp_path)
