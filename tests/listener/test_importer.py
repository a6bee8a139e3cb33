"""Imports keep every good row, name every bad one, and can be repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from listener import brands, sources
from listener.db import Database
from listener.errors import ListenerError
from listener.ground import Ground
from listener.importer import import_file
from listener.models import Hit, Mention, Source
from tests.listener.rooms import Parrot

CSV = """id,text,author,url,posted_at,lang,rating
1,acme is down,@Bob,https://x.example.test/1,2026-11-24T10:00:00Z,en,
2,nothing to do with it,eve,,2026-11-24,fr,
3,,eve,,,,
4,"two
lines",eve,,gestern,,
5,"more
lines",eve,,1764000000,he,2
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "posts.csv"
    made.write_text(CSV, encoding="utf-8")
    return made


@pytest.fixture
def acme(db: Database) -> int:
    return brands.add(db, "Acme", query="acme")


def rows(db: Database) -> dict[str, Mention]:
    with db.read() as session:
        return {row.external_id: row for row in session.scalars(select(Mention))}


def test_good_rows_are_kept_whatever_the_query_and_bad_ones_named(
    db: Database, acme: int, file: Path
) -> None:
    report = import_file(db, file, brand="acme", channel="mastodon")
    assert report.as_json() == {
        "read": 5, "new": 3, "updated": 0, "duplicate": 0,
        "rejected": [{"line": 4, "reason": "text is empty"}, {"line": 5, "reason": report.rejected[1].reason}],
    }  # fmt: skip
    assert "gestern" in report.rejected[1].reason
    found = rows(db)
    assert set(found) == {"1", "2", "5"}
    assert (found["1"].channel, found["1"].stage, found["1"].reply_mode, found["1"].history) == (
        "mastodon", "collected", "link", False,
    )  # fmt: skip
    assert (found["5"].text, found["5"].kind, found["5"].rating, found["5"].reply_mode) == (
        "more\nlines",
        "review",
        2.0,
        "none",
    )
    with db.read() as session:
        hits = {hit.mention_id: hit.query_id for hit in session.scalars(select(Hit))}
        assert hits[found["1"].id] is not None
        assert hits[found["2"].id] is None
        source = session.scalars(select(Source)).one()
    assert (source.name, source.kind, source.state) == ("import mastodon Acme", "file", "paused")


def test_again_is_all_duplicates_and_an_edit_is_an_update(db: Database, acme: int, file: Path) -> None:
    import_file(db, file, brand="Acme", channel="mastodon")
    again = import_file(db, file, brand="Acme", channel="mastodon")
    assert (again.new, again.updated, again.duplicate) == (0, 0, 3)
    file.write_text(CSV.replace("acme is down", "acme is up"), encoding="utf-8")
    edited = import_file(db, file, brand="Acme", channel="mastodon")
    assert (edited.new, edited.updated, edited.duplicate) == (0, 1, 2)
    assert rows(db)["1"].revision == 2


def test_posts_of_a_platform_that_is_not_listened_to_can_be_imported(
    db: Database, acme: int, file: Path
) -> None:
    assert import_file(db, file, brand="Acme", channel="trustpilot").new == 3
    assert {row.channel for row in rows(db).values()} == {"trustpilot"}


def test_history_raises_nothing(db: Database, acme: int, file: Path) -> None:
    import_file(db, file, brand="Acme", channel="file", alerts=False)
    assert {row.history for row in rows(db).values()} == {True}


def test_columns_can_be_named_otherwise(db: Database, acme: int, tmp_path: Path) -> None:
    file = tmp_path / "tweets.csv"
    file.write_text("tweet_id;body\n7;acme\n")
    report = import_file(db, file, brand="Acme", channel="file", mapping={"id": "tweet_id", "text": "body"})
    assert report.new == 1
    assert rows(db)["7"].text == "acme"


def test_rows_without_an_id_are_the_same_next_time(db: Database, acme: int, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text('{"text": "acme"}\n{"text": "acme"}\n{"text": "acme too"}\n')
    first = import_file(db, file, brand="Acme", channel="file")
    assert (first.new, first.duplicate) == (2, 1)
    assert import_file(db, file, brand="Acme", channel="file").duplicate == 3


def test_an_account_of_the_channel_decides_how_to_answer(
    db: Database, kit: Ground, acme: int, file: Path, parrot: type[Parrot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.importer.ORIGINS", {"parrot"})
    sources.add(db, kit, "parrot", name="live", brand="Acme", settings={})
    import_file(db, file, brand="Acme", channel="parrot", ground=kit)
    assert {row.reply_mode for row in rows(db).values()} == {"api"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"brand": "Nobody"}, "there is no brand 'Nobody'"),
        ({"channel": "fax"}, "no channel"),
        ({"mapping": {"words": "text"}}, "words"),
        ({"mapping": {"text": "body"}}, "body"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_stored(
    db: Database, acme: int, file: Path, options: dict[str, object], message: str
) -> None:
    given: dict[str, object] = {"brand": "Acme", "channel": "file"} | options
    with pytest.raises(ListenerError, match=message):
        import_file(db, file, **given)  # type: ignore[arg-type]
    assert rows(db) == {}


def test_2500_rows_go_in_several_batches(db: Database, acme: int, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    file.write_text(
        "id,text,author\n" + "".join(f"{number},acme {number},a{number % 9}\n" for number in range(2500))
    )
    assert import_file(db, file, brand="Acme", channel="file").new == 2500
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Hit)) == 2500
