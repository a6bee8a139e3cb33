"""Which sources take webhooks: those whose address has a secret that somebody knows."""

from __future__ import annotations

import pytest

from listener import brands, sources
from listener.db import Database
from listener.ground import Ground
from listener.sources import SourceError


def test_only_with_a_secret_that_was_set(db: Database, kit: Ground) -> None:
    brands.add(db, "Acme", query="acme")
    made = {
        name: sources.add(db, kit, kind, name=name, brand="Acme", settings=settings)
        for name, kind, settings in (
            ("form", "webhook", {"secret": "long enough"}),
            ("bot", "telegram", {"bot_token": "1:abc"}),
            ("hooked bot", "telegram", {"bot_token": "2:abc", "webhook_secret": "long-enough-too"}),
            ("press", "feed", {"url": "https://press.example.test/rss"}),
        )
    }
    assert {name for name, source_id in made.items() if sources.receives(db, source_id)} == {
        "form",
        "hooked bot",
    }


def test_a_secret_that_is_too_short_is_said_in_characters(db: Database, kit: Ground) -> None:
    brands.add(db, "Acme", query="acme")
    with pytest.raises(SourceError, match=r"secret: .* at least 8 characters, not 3"):
        sources.add(db, kit, "webhook", name="form", brand="Acme", settings={"secret": "abc"})
