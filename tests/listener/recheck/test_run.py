"""One run: what comes back is stored, whatever cuts the run short costs nothing but time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from listener import stages
from listener.channels.base import Gone, Post
from listener.db import Database
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Mention, OwnPost, Payload, Source
from tests.listener.recheck.rooms import HOUR, Echo, hear, look, saying, some, source, stored
from tests.listener.rooms import NOON, post

LATER = NOON + 2 * HOUR


def triaged(db: Database) -> None:
    with db.work() as session:
        session.execute(update(Mention).values(stage=stages.TRIAGED))


def test_new_words_are_an_edit_and_go_through_the_walk_again(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(2))
    triaged(db)
    Echo.now["p0"] = saying(text="acme is up again")
    outcome = look(db, kit, source_id)
    assert (outcome.asked, outcome.kept.updated, outcome.error) == (2, 1, None)
    edited, same = stored(db)["p0"], stored(db)["p1"]
    assert (edited.text, edited.revision, edited.stage) == ("acme is up again", 2, "collected")
    assert edited.edited_at == edited.checked_at  # the platform does not date it
    assert (same.text, same.revision, same.stage) == ("acme is down 1", 1, "triaged")
    assert same.checked_at is not None
    assert same.edited_at is None


def test_what_is_gone_is_blanked_and_never_asked_for_again(db: Database, kit: Ground) -> None:
    answer = post("p9", "me too", parent_id="p0", parent_text="acme is down 0", thread_id="p0")
    source_id = hear(db, kit, *[replace(each, raw={"id": each.id}) for each in some(2)], answer)
    Echo.now["p0"] = Gone("p0")
    assert look(db, kit, source_id).kept.gone == 1
    row = stored(db)["p0"]
    assert (row.text, row.title, row.recheck_at, row.gone_seen) == ("", None, None, False)
    assert row.gone_at is not None
    assert stored(db)["p9"].parent_text is None  # the answer quoted it
    with db.read() as session:
        assert row.id not in set(session.scalars(select(Payload.mention_id)))
    look(db, kit, source_id, at=LATER + 3 * HOUR)
    assert sorted(Echo.asked[1]) == ["p1", "p9"]


def test_growth_and_a_new_rating_are_triaged_again_by_the_old_score(db: Database, kit: Ground) -> None:
    posts = [replace(each, engagement={"likes": 15}, rating=4.0, rating_scale=5) for each in some(4)]
    source_id = hear(db, kit, *posts)
    triaged(db)
    Echo.now["p0"] = saying(engagement={"likes": 15, "reposts": 5})  # twenty reactions: a step
    Echo.now["p1"] = saying(engagement={"likes": 19})
    Echo.now["p2"] = saying(rating=1.0)
    assert look(db, kit, source_id).kept.grown == 2
    rows = stored(db)
    assert [rows[name].stage for name in ("p0", "p1", "p2", "p3")] == [
        "scored", "triaged", "scored", "triaged",
    ]  # fmt: skip
    assert rows["p1"].engagement == {"likes": 19}
    assert {row.revision for row in rows.values()} == {1}
    assert look(db, kit, source_id, at=LATER + 2 * HOUR).kept.grown == 0  # the step is taken


def test_an_answer_below_it_is_stored_as_ours_and_the_room_above_will_see_it(
    db: Database, kit: Ground
) -> None:
    source_id = hear(db, kit, *some(1))
    ours = post("p0/reply", "Sorry!", LATER, parent_id="p0", thread_id="p0", own=True)
    Echo.now["p0"] = lambda before: [replace(before, existing_reply="Sorry!"), ours]
    assert look(db, kit, source_id).kept.own == 1
    assert stored(db)["p0"].existing_reply == "Sorry!"
    assert "p0/reply" not in stored(db)
    with db.read() as session:
        row = session.scalars(select(OwnPost)).one()
    assert (row.external_id, row.seen) == ("p0/reply", False)


def test_what_was_erased_meanwhile_stays_erased(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(1))

    def erase(before: Post) -> Post:
        with db.work() as session:
            session.execute(update(Mention).values(text="", gone_at=LATER))
        return before

    Echo.now["p0"] = erase
    look(db, kit, source_id)
    assert stored(db)["p0"].text == ""
    assert stored(db)["p0"].gone_at == LATER


def test_429_in_the_middle_keeps_what_came_and_waits_as_told(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(4))
    Echo.now["p0"] = saying(text="acme, edited")
    Echo.now["p2"] = HttpError("slow down", status=429, retry_after=timedelta(minutes=7))
    due_before = stored(db)["p2"].recheck_at
    outcome = look(db, kit, source_id)
    assert outcome.error == "slow down"
    rows = stored(db)
    assert rows["p0"].text == "acme, edited"
    assert [rows[name].recheck_at == due_before for name in ("p0", "p1", "p2", "p3")] == [
        False, False, True, True,
    ]  # fmt: skip
    after = source(db, source_id)
    assert after.recheck_after is not None
    assert timedelta(minutes=7) <= after.recheck_after - LATER < timedelta(minutes=8)
    assert after.recheck_errors == 0
    assert (after.errors, after.not_before, after.state) == (0, None, "active")  # hearing goes on
    Echo.now.clear()
    look(db, kit, source_id, at=LATER + timedelta(minutes=8))
    assert Echo.asked[1] == ["p2", "p3"]


def test_a_post_that_breaks_it_off_goes_to_the_end_and_the_source_backs_off(
    db: Database, kit: Ground
) -> None:
    source_id = hear(db, kit, *some(3))
    Echo.now["p0"] = HttpError("forbidden", status=403, permanent=True)
    look(db, kit, source_id)
    first = source(db, source_id)
    assert first.recheck_errors == 1
    assert first.recheck_after is not None
    assert first.recheck_after > LATER + timedelta(minutes=2)
    look(db, kit, source_id, at=LATER + timedelta(minutes=10))
    assert Echo.asked == [["p0", "p1", "p2"], ["p1", "p2"]]
    assert source(db, source_id).recheck_errors == 0


def test_errors_in_a_row_wait_longer_up_to_an_hour(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(5))
    waits = []
    for number in range(8):
        Echo.now.update({f"p{name}": ChannelError("down") for name in range(5)})
        at = LATER + number * 30 * HOUR
        look(db, kit, source_id, at=at)
        after = source(db, source_id).recheck_after
        assert after is not None
        waits.append(after - at)
    assert waits[0] < waits[2] < waits[3]
    assert max(waits) < HOUR + timedelta(seconds=30)


def test_a_defect_is_raised_and_nothing_it_said_is_believed(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(2))
    Echo.now["p0"], Echo.now["p1"] = Gone("p0"), ZeroDivisionError("defect")
    with pytest.raises(ZeroDivisionError):
        look(db, kit, source_id)
    assert stored(db)["p0"].text == "acme is down 0"
    assert source(db, source_id).recheck_errors == 1


def test_when_nearly_all_is_gone_our_access_is_asked_first(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(4))
    Echo.now.update({f"p{number}": Gone(f"p{number}") for number in range(3)})
    Echo.broken = HttpError("token expired", status=401, attention=True)
    outcome = look(db, kit, source_id)
    assert (outcome.error, outcome.kept.gone) == ("token expired", 0)
    assert {row.gone_at for row in stored(db).values()} == {None}
    Echo.broken = None
    assert look(db, kit, source_id, at=LATER + 30 * HOUR).kept.gone == 3


def test_a_run_ends_at_its_deadline_and_the_rest_keeps_its_place(
    db: Database, kit: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_id = hear(db, kit, *some(4))
    clock = iter(range(0, 10_000, 50))  # every look at the clock is 50 s later
    monkeypatch.setattr("listener.recheck.run.time.monotonic", lambda: next(clock))
    look(db, kit, source_id)
    monkeypatch.undo()
    checked = [name for name, row in sorted(stored(db).items()) if row.checked_at]
    assert 0 < len(checked) < 4
    assert checked == [f"p{number}" for number in range(len(checked))]


def test_a_source_that_was_removed_or_paused_is_not_asked(db: Database, kit: Ground) -> None:
    source_id = hear(db, kit, *some(1))
    with db.work() as session:
        session.get_one(Source, source_id).state = "paused"
    assert look(db, kit, source_id).skipped
    assert look(db, kit, 999).skipped
    assert Echo.asked == []
