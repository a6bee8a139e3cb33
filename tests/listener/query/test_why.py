"""Why a post was heard: the parts of the query that it satisfies, as the person wrote them."""

from __future__ import annotations

import pytest

from listener.query import Document, parse

POST = Document("The Acme TV box arrived late, again", language="en", channel="x", author="ada", rating=2)


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("acme", ["acme"]),
        ('Acme OR "tv box" OR kettle', ["Acme", "tv box"]),
        ("acme NOT kettle", ["acme"]),
        ("(acme NEAR~3 box) rating:<3", ["acme", "box", "rating:2"]),
        ("arriv* lang:en channel:x author:ada", ["arriv*", "lang:en", "channel:x", "author:ada"]),
        ("acme OR lang:fr", ["acme"]),
        ("kettle OR (late lang:fr)", ["late"]),
    ],
)
def test_the_parts_are_named_as_written(query: str, parts: list[str]) -> None:
    assert parse(query).why(POST) == parts
