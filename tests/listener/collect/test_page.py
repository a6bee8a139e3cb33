"""What a page becomes: each post stored once, ours apart, nothing counted twice, nothing wanted lost."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from listener import collect
from listener.channels.base import Gone
from listener.db import Database
from listener.ground import Ground
from listener.models import Author, Hit, Mention, OwnPost, Payload, Poll, Source
from tests.listener.rooms import NOON, furnish, page, post

Say = Callable[..., None]


def hear(db: Database, kit: Ground, source_id: int) -> collect.Outcome:
    outcome = collect.poll(db, kit, source_id, force=True)
    assert outcome.error is None
    return outcome


def mentions(db: Database) -> dict[str, Mention]:
    with db.read() as session:
        return {row.external_id: row for row in session.scalars(select(Mention))}


def count(db: Database, table: Any) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_post_is_stored_with_author_hit_payload_and_ledger(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1", author="bob", raw={"id": 1, "words": "acme"}), cursor={"v": 1, "floor": 1}))
    outcome = hear(db, kit, source_id)
    assert (outcome.fetched, outcome.new, outcome.duplicates) == (1, 1, 0)
    with db.read() as session:
        mention = session.scalars(select(Mention)).one()
        assert (mention.stage, mention.revision, mention.thread_id, mention.reply_mode) == (
            "collected",
            1,
            "1",
            "api",
        )
        assert session.get_one(Author, mention.author_id).handle == "bob"
        hit = session.scalars(select(Hit)).one()
        assert (hit.mention_id, hit.source_id) == (mention.id, source_id)
        assert hit.query_id is not None
        payload = session.scalars(select(Payload)).one()
        assert json.loads(gzip.decompress(payload.raw)) == {"id": 1, "words": "acme"}
        assert payload.expires_at > datetime.now(UTC)
        assert session.get_one(Source, source_id).cursor == {"v": 1, "floor": 1}
        ledger = session.scalars(select(Poll)).one()
        assert (ledger.pages, ledger.fetched, ledger.new, ledger.oldest_at) == (1, 1, 1, NOON)
        assert ledger.ended_at is not None


def test_the_same_post_again_is_a_duplicate(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(post("1", author="bob"), page(post("1", author="bob"), post("1", author="bob")))
    outcome = hear(db, kit, source_id)
    assert (outcome.fetched, outcome.new, outcome.duplicates) == (3, 1, 2)
    assert count(db, Mention) == count(db, Hit) == count(db, Author) == 1


def test_a_second_source_adds_a_hit_not_a_mention(db: Database, kit: Ground, say: Say) -> None:
    first, second = furnish(db, kit, "one", "two")
    say(post("1"))
    assert hear(db, kit, first).new == 1
    assert hear(db, kit, second).duplicates == 1
    assert (count(db, Mention), count(db, Hit)) == (1, 2)


def test_changed_words_bump_the_revision_and_go_back_to_collected(
    db: Database, kit: Ground, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(post("1", "acme is down"))
    hear(db, kit, source_id)
    with db.work() as session:
        row = session.scalars(select(Mention)).one()
        row.stage, row.attempts = "triaged", 3
    say(post("1", "acme is down AGAIN", edited_at=NOON))
    assert hear(db, kit, source_id).updated == 1
    row = mentions(db)["1"]
    assert (row.text, row.revision, row.stage, row.attempts) == ("acme is down AGAIN", 2, "collected", 0)


def test_new_engagement_alone_changes_neither_revision_nor_stage(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(post("1", engagement={"reposts": 1}))
    hear(db, kit, source_id)
    with db.work() as session:
        session.scalars(select(Mention)).one().stage = "triaged"
    say(post("1", engagement={"reposts": 40}))
    outcome = hear(db, kit, source_id)
    row = mentions(db)["1"]
    assert (outcome.updated, outcome.duplicates) == (0, 1)
    assert (row.reposts, row.engagement, row.revision, row.stage) == (40, {"reposts": 40}, 1, "triaged")


def test_what_no_query_asks_for_is_counted_and_not_stored(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(
        page(
            post("1", "nothing to see"),
            post("2", "help me please", addressed_to_us=True),
            post("3", "#Acme!"),
        )
    )
    outcome = hear(db, kit, source_id)
    assert (outcome.unmatched, outcome.new) == (1, 2)
    assert set(mentions(db)) == {"2", "3"}


def test_answers_in_a_known_thread_are_heard_whatever_they_say(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(
        page(post("3", "me too", parent_id="2"), post("2", "same here", parent_id="1"), post("1")),
        post("9", "no", parent_id="8"),
    )
    hear(db, kit, source_id)
    rows = mentions(db)
    assert set(rows) == {"1", "2", "3"}
    assert {row.thread_id for row in rows.values()} == {"1"}
    say(post("4", "and me", parent_id="3"))
    hear(db, kit, source_id)
    assert mentions(db)["4"].thread_id == "1"


def test_our_own_posts_never_become_mentions(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(
        page(
            post("1"),
            post("2", "sorry, acme is back", own=True, parent_id="1"),
            post("3", "buy acme", own=True),
        )
    )
    outcome = hear(db, kit, source_id)
    assert outcome.own == 2
    assert set(mentions(db)) == {"1"}
    with db.read() as session:
        kept = session.scalars(select(OwnPost)).one()
    assert (kept.external_id, kept.parent_id, kept.thread_id, kept.seen) == ("2", "1", "1", False)


def test_another_account_of_ours_is_recognised_by_its_handle(db: Database, kit: Ground, say: Say) -> None:
    from listener import sources

    (source_id,) = furnish(db, kit, "one")
    sources.test(db, kit, "one")
    say(post("1", "acme has news", author="Acme_Help"))
    outcome = hear(db, kit, source_id)
    assert (outcome.own, outcome.new) == (1, 0)


def test_a_repost_counts_on_its_original_once(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(post("1", author="bob"))
    hear(db, kit, source_id)
    say(page(post("7", repost_of="1", author="eve"), post("8", repost_of="1", author="mia")))
    hear(db, kit, source_id)
    say(page(post("8", repost_of="1", author="mia"), post("1", author="bob", engagement={"likes": 3})))
    hear(db, kit, source_id)
    say(page(post("7", repost_of="1", author="eve")))
    assert hear(db, kit, source_id).duplicates == 1
    assert set(mentions(db)) == {"1"}
    assert mentions(db)["1"].reposts == 2


def test_a_repost_of_something_unheard_is_kept_as_the_original(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(post("7", "acme burned my hand", repost_of="1", author="eve"))
    assert hear(db, kit, source_id).new == 1
    assert mentions(db)["1"].author_id is None
    say(post("1", "acme burned my hand", author="bob"))
    hear(db, kit, source_id)
    with db.read() as session:
        assert session.get_one(Author, mentions(db)["1"].author_id).handle == "bob"


def test_a_post_from_2099_is_kept_with_both_dates_and_blinds_nothing(
    db: Database, kit: Ground, say: Say
) -> None:
    (source_id,) = furnish(db, kit, "one")
    future = datetime(2099, 1, 1, tzinfo=UTC)
    say(page(post("1", at=future), post("2")))
    hear(db, kit, source_id)
    row = mentions(db)["1"]
    assert row.posted_at == future
    assert row.collected_at < datetime(2090, 1, 1, tzinfo=UTC)
    with db.read() as session:
        assert session.scalars(select(Poll)).one().newest_at == NOON


def test_hostile_text_is_cleaned_at_the_door(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    family = "👩\u200d👩\u200d👧"
    say(
        page(
            post(
                "1",
                "acme\x00 is \ud800down\u202e",
                author="x\x00y",
                raw={"a": "\ud800\x00"},
                extra={"k\x00": ["\ud800"]},
            ),
            post("2", f"acme {family} שלום עולם 𝒜", title="\x00t"),  # noqa: RUF001 - a 4-byte letter
            post("3" * 400, "acme " + "x" * 10_000, url="https://a.example.test/\x00" + "y" * 10),
        )
    )
    assert hear(db, kit, source_id).new == 3
    rows = mentions(db)
    assert rows["1"].text == "acme is down"
    assert rows["2"].text == f"acme {family} שלום עולם 𝒜"  # noqa: RUF001 - a 4-byte letter
    (long_id,) = [name for name in rows if name.startswith("sha256:")]
    assert len(rows[long_id].text) == 10_005


def test_what_was_deleted_upstream_is_blanked(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(post("1", raw={"secret": "acme"}), post("2")))
    hear(db, kit, source_id)
    say(page(gone=[Gone("1")]))
    hear(db, kit, source_id)
    row = mentions(db)["1"]
    assert (row.text, row.gone_at is None) == ("", False)
    assert count(db, Payload) == 0
    assert mentions(db)["2"].gone_at is None
    say(post("1"))
    hear(db, kit, source_id)
    assert (mentions(db)["1"].text, mentions(db)["1"].gone_at) == ("acme is down", None)


def test_an_erased_author_is_not_filled_in_again(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(post("1", author="bob"))
    hear(db, kit, source_id)
    with db.work() as session:
        who = session.scalars(select(Author)).one()
        who.handle, who.name, who.erased_at = None, None, NOON
    say(post("2", "acme again", author="bob"))
    hear(db, kit, source_id)
    with db.read() as session:
        assert session.scalars(select(Author)).one().handle is None


def test_six_hundred_posts_in_one_page(db: Database, kit: Ground, say: Say) -> None:
    (source_id,) = furnish(db, kit, "one")
    say(page(*[post(str(number), author=f"a{number % 50}", raw={"n": number}) for number in range(600)]))
    assert hear(db, kit, source_id).new == 600
    assert (count(db, Mention), count(db, Author), count(db, Payload)) == (600, 50, 600)
