"""Parsing: what is accepted, and that a mistake is shown where it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.query import Query, QueryError, parse
from listener.query.limits import COSTLY, DEPTH, LENGTH, TERMS, WILD


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("a b", "a AND b"),
        ("a && b || c", "a b OR c"),
        ("a b OR c d", "(a AND b) OR (c AND d)"),
        ("a -b", "a NOT b"),
        ("a AND NOT b", "a (NOT b)"),
        ("a NOT NOT b", "a b"),
        ("\u201cacme tv\u201d", '"acme tv"'),
        ("ACME", "acme"),
        ("a NEAR b", "a NEAR~5 b"),
        ("a NEAR/3 b", "a NEAR~3 b"),
        ("lang:(en OR fr)", "lang:en OR lang:fr"),
        ("(((a)))", "a"),
    ],
)
def test_two_ways_to_write_the_same(one: str, same: str) -> None:
    assert parse(one).tree == parse(same).tree


@pytest.mark.parametrize(
    ("query", "position", "said"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("NOT acme", 0, "nothing but NOT"),
        ("-acme", 0, "nothing but NOT"),
        ("acme OR NOT b", 8, "nothing but NOT"),
        ("acme AND", 8, "ends too early"),
        ("acme AND )", 9, "closes nothing"),
        ("(acme", 0, "never closed"),
        ("acme )", 5, "closes nothing"),
        ('late "open', 5, "quotation mark"),
        ("foo:bar", 0, "no field 'foo'"),
        ("AND b", 0, "both sides"),
        ("a OR OR b", 5, "both sides"),
        ("a NEAR", 6, "ends too early"),
        ("a NEAR~ b", 6, "number of words"),
        ("a NEAR (b AND c)", 7, "NEAR joins"),
        ("acme~2", 4, "at least two words"),
        ("rating:x", 7, "not a number"),
        ("rating:nan", 7, "not a number"),
        ("lang:<3", 0, "not a comparison"),
        ("x !!!", 2, "punctuation alone"),
        ("x a*", 2, "at least two letters"),
        ("*", 0, "at least two letters"),
        ("a [b]", 2, "not expected"),
        ('"a b"~500', 0, "at most 100"),
    ],
)
def test_a_mistake_is_shown_where_it_is(query: str, position: int, said: str) -> None:
    with pytest.raises(QueryError, match=said) as caught:
        parse(query)
    assert caught.value.position == position
    *_, shown, caret = str(caught.value).splitlines()
    assert caret.index("^") - 2 == position
    assert shown.strip() == query.strip()


def test_a_long_query_is_shown_around_the_mistake() -> None:
    with pytest.raises(QueryError) as caught:
        parse("word " * 60 + ") " + "more " * 60)
    *_, shown, caret = str(caught.value).splitlines()
    assert len(shown) < 90
    assert shown[caret.index("^")] == ")"


@pytest.mark.parametrize(
    "query",
    [
        "x" * (LENGTH + 1),
        "(" * (DEPTH + 1) + "a" + ")" * (DEPTH + 1),
        "(" * 1900 + "a" + ")" * 1900,
        "a " + "NOT " * 900 + "b",
        " OR ".join(f"t{n}" for n in range(TERMS + 1)),
        " OR ".join(f"word{n}*" for n in range(WILD + 1)),
        " OR ".join(f"wo{n}*rd" for n in range(COSTLY + 1)),
        " ".join(f"a NEAR b{n}" for n in range(COSTLY + 1)),
        '"' + "w " * 21 + '"',
    ],
)
def test_a_query_too_large_to_ask_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        parse(query)


def test_the_largest_allowed_query_is_accepted() -> None:
    assert len(parse(" OR ".join(f"t{n}" for n in range(TERMS))).terms()) == TERMS
    assert isinstance(parse("(" * DEPTH + "a" + ")" * DEPTH), Query)


PIECES = st.sampled_from(
    [
        "acme",
        '"a b"',
        "wi*",
        "AND",
        "OR",
        "NOT",
        "NEAR~2",
        "(",
        ")",
        "lang:",
        "rating:",
        "<3",
        "[1 TO 2]",
        "-",
        "~5",
        '"',
        ":",
        "😀",
        "\\",
        "שלום",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map(" ".join)))
def test_any_text_parses_or_is_explained(text: str) -> None:
    try:
        parsed = parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - either end is right
        assert "^" in str(error)  # noqa: PT017
    else:
        assert str(parsed) == text
        assert parsed.alternatives()
