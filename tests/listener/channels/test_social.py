"""What holds on X, Reddit and Bluesky alike."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.db import Database
from listener.ground import Ground
from listener.models import Mention
from tests.listener.channels.social_room import Platform, platform

__all__ = ["platform"]
WORDS = [
    "acme 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 family plan",
    "acme לא עובד כבר שלוש שעות",
    "acme 𐍈 𠜎 𓀀",
    "acme می‌خواهم",
    "acme < b > & \"quoted\" 'words' \\ */_",
    "acme" + " slow" * 1999,
]


def test_whatever_people_write_survives(db: Database, kit: Ground, platform: Platform) -> None:
    for words in WORDS:
        platform.publish(words.replace("&", "&amp;").replace("<", "&lt;") if platform.kind == "x" else words)
    brands.add(db, "Acme", query="acme")
    source_id = sources.add(db, kit, platform.kind, name="social", brand="Acme", settings=platform.settings)
    assert collect.poll(db, kit, source_id, force=True).error is None
    with db.read() as session:
        assert set(session.scalars(select(Mention.text))) == set(WORDS)


def test_a_zero_width_character_does_not_hide_the_brand(
    sqlite_db: Database, kit: Ground, platform: Platform
) -> None:
    platform.publish("ac\u200bme is down")
    brands.add(sqlite_db, "Acme", query="acme")
    source_id = sources.add(
        sqlite_db, kit, platform.kind, name="social", brand="Acme", settings=platform.settings
    )
    assert collect.poll(sqlite_db, kit, source_id, force=True).error is None
    with sqlite_db.read() as session:
        found = session.scalars(select(Mention.text)).all()
    assert found == (
        [] if platform.kind == "bluesky" else ["acme is down"]
    )  # there the platform itself judges


def test_no_secret_reaches_a_log(
    sqlite_db: Database, kit: Ground, platform: Platform, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    platform.publish("@acme acme is down")
    brands.add(sqlite_db, "Acme", query="acme")
    source_id = sources.add(
        sqlite_db, kit, platform.kind, name="social", brand="Acme", settings=platform.settings
    )
    assert collect.poll(sqlite_db, kit, source_id, force=True).new == 1
    out, err = capfd.readouterr()
    assert "sesame" not in f"{caplog.text} {out} {err}"
