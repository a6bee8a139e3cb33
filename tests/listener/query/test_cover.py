"""What platforms are asked."""

from __future__ import annotations

import pytest

from listener.query import parse
from listener.query.cover import MOST


@pytest.mark.parametrize(
    ("query", "searches"),
    [
        ("acme", [["acme"]]),
        ("Acme OR @acme_help", [["acme"], ["@acme_help"]]),
        ('acme ("late order" OR slow) NOT jobs', [['"late order"', "acme"], ["acme", "slow"]]),
        ("acme OR (acme late)", [["acme"]]),
        ("acme late*", [["acme"]]),
        ("acme*", [["acme"]]),
        ("*acme*tv", [["acme"]]),
        ("refund NEAR (acme OR zeta)", [["acme", "refund"], ["refund", "zeta"]]),
        ('"late order"~5', [["late", "order"]]),
        ("acme lang:en", [["acme"]]),
        ("rating:<3", [[]]),
        ("acme OR lang:fr", [[]]),
        ("don't", [['"don\'t"']]),
    ],
)
def test_searches_cover_the_query(query: str, searches: list[list[str]]) -> None:
    assert parse(query).alternatives() == searches


def test_too_many_combinations_ask_for_less_and_find_more() -> None:
    groups = " ".join("(" + " OR ".join(f"{letter}{n}" for n in range(8)) + ")" for letter in "abc")
    found = parse(f"acme {groups}").alternatives()
    assert len(found) <= MOST
    assert all("acme" in words for words in found)


def test_terms_are_the_positive_ones_as_written() -> None:
    query = 'Acme ("late Order" OR slow*) NOT jobs refund NEAR~3 money lang:en'
    assert parse(query).terms() == ["Acme", "late Order", "slow*", "refund", "money"]
