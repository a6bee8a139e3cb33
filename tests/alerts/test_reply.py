"""A public reply is posted once: whatever the platform, the network or a colleague does meanwhile."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from alerts import holding, reply, triage
from alerts.errors import Blocked, Conflict, Forbidden, NotFound
from alerts.models import Alert, Event, Reply
from alerts.settings import AlertSettings
from listener.db import now
from listener.models import Account, Mention
from tests.alerts.scene import AT, Scene

TEXT = "Thank you for telling us. We are looking into it."


def raised(scene: Scene, **fields: object) -> tuple[int, int]:
    """Raise one alert; return (mention, alert)."""
    mention_id = scene.mention(**fields)  # type: ignore[arg-type]
    done = triage.triage(scene.db, at=AT)
    assert done is not None
    return mention_id, done.raised[0]


def approved(scene: Scene, mention_id: int, person: str = "mia", text: str = TEXT, **options: object) -> int:
    options = {"undo_seconds": 0, **options}
    return reply.approve(
        scene.db, scene.ground, mention_id=mention_id, text=text, person_id=scene.people[person], **options
    )  # type: ignore[arg-type]


def alert_of(scene: Scene, alert_id: int) -> Alert:
    with scene.db.read() as session:
        return session.get_one(Alert, alert_id)


def expire(scene: Scene, reply_id: int) -> None:
    """Let the time until the next check, the next try and the end of the lease pass."""
    past = now() - timedelta(seconds=1)
    with scene.db.work() as session:
        values = {"check_after": past, "send_after": past, "lease_until": past}
        session.execute(update(Reply).where(Reply.id == reply_id).values(values))


def test_the_reply_is_on_the_platform_with_its_id_and_stops_the_clock(scene: Scene) -> None:
    mention_id, alert_id = raised(scene)
    reply_id = approved(scene, mention_id)
    assert scene.platform.replies() == []
    assert reply.send(scene.db, scene.ground) == [reply_id]
    (public,) = scene.platform.replies()
    row, alert = scene.reply(reply_id), alert_of(scene, alert_id)
    assert (public["parent"], public["text"], public["key"]) == (scene.external_id(mention_id), TEXT, row.key)
    assert (row.state, row.external_id, row.url) == ("sent", "r1", "https://fake.example.test/r1")
    assert (alert.state, alert.waiting) == ("answered", True)
    assert alert.first_response_at == row.sent_at
    assert alert.follow_up_at == row.sent_at + timedelta(hours=48)
    assert reply.send(scene.db, scene.ground) == []
    with scene.db.read() as session:
        kinds = session.scalars(select(Event.kind).where(Event.reply_id == reply_id)).all()
    assert kinds == ["reply.approved", "reply.sent"]


def test_a_mention_without_an_alert_can_be_answered(small: Scene) -> None:
    mention_id = small.mention("I love it", level=0, sentiment="positive")
    triage.triage(small.db, at=AT)
    reply_id = approved(small, mention_id)
    reply.send(small.db, small.ground)
    assert small.reply(reply_id).state == "sent"
    assert small.reply(reply_id).alert_id is None


def test_nothing_goes_out_inside_the_undo_window_and_undone_is_a_draft(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id, undo_seconds=10)
    assert reply.send(small.db, small.ground) == []
    assert reply.undo(small.db, reply_id, small.people["mia"]) == TEXT
    assert small.reply(reply_id).state == "draft"
    assert reply.send(small.db, small.ground, at=now() + timedelta(minutes=1)) == []
    again = approved(small, mention_id, text="Better words, thank you.")
    assert again == reply_id
    reply.send(small.db, small.ground)
    assert [public["text"] for public in small.platform.replies()] == ["Better words, thank you."]
    with pytest.raises(Conflict, match="too late"):
        reply.undo(small.db, reply_id, small.people["mia"])


def test_the_undo_window_is_the_channels(small: Scene) -> None:
    mention_id, _ = raised(small)
    settings = AlertSettings(undo_seconds_by_channel={"fake": 30})
    at = datetime(2026, 11, 24, tzinfo=UTC)
    reply_id = approved(small, mention_id, undo_seconds=None, settings=settings, at=at)
    assert small.reply(reply_id).send_after == at + timedelta(seconds=30)


def test_the_second_person_gets_a_conflict_that_shows_the_first(scene: Scene) -> None:
    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)
    with pytest.raises(Conflict) as under_way:
        approved(scene, mention_id, "noa", "Other words")
    assert under_way.value.who == "Mia"
    assert under_way.value.what["reply_id"] == reply_id
    assert under_way.value.what["state"] == "approved"
    assert under_way.value.what["text"] == TEXT
    reply.send(scene.db, scene.ground)
    with pytest.raises(Conflict) as done:
        approved(scene, mention_id, "noa", "Other words")
    assert done.value.what["url"] == "https://fake.example.test/r1"
    assert len(scene.platform.replies()) == 1
    approved(scene, mention_id, "noa", "It is fixed now.", again=True)
    reply.send(scene.db, scene.ground)
    assert len(scene.platform.replies()) == 2


def test_many_people_press_send_at_once_and_one_wins(scene: Scene) -> None:
    mention_id, _ = raised(scene)
    won: list[int] = []
    lost: list[Conflict] = []
    start = threading.Barrier(6)

    def press(person: str) -> None:
        start.wait()
        try:
            won.append(approved(scene, mention_id, person))
        except Conflict as error:
            lost.append(error)

    pressing = [
        threading.Thread(target=press, args=(name,)) for name in ("mia", "noa", "lea", "mia", "noa", "lea")
    ]
    for thread in pressing:
        thread.start()
    for thread in pressing:
        thread.join()
    assert len(won) == 1
    assert len(lost) == 5
    assert all(error.what["reply_id"] == won[0] for error in lost)


def test_several_senders_post_each_reply_once(scene: Scene) -> None:
    mentions = [scene.mention(author=f"a{number}") for number in range(12)]
    triage.triage(scene.db, at=AT)
    for mention_id in mentions:
        approved(scene, mention_id)
    senders = [threading.Thread(target=reply.send, args=(scene.db, scene.ground)) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(public["parent"] for public in scene.platform.replies()) == sorted(
        scene.external_id(mention_id) for mention_id in mentions
    )


@pytest.mark.parametrize("fault", ["accepted-503", "accepted-dropped", "no-id"])
def test_accepted_but_unclear_is_found_and_never_posted_again(scene: Scene, fault: str) -> None:
    mention_id, alert_id = raised(scene)
    reply_id = approved(scene, mention_id)
    scene.platform.plan(fault)
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "unknown"
    assert alert_of(scene, alert_id).state == "open"
    with pytest.raises(Conflict):
        approved(scene, mention_id, "noa")
    assert reply.send(scene.db, scene.ground, at=now() + timedelta(hours=1)) == []
    expire(scene, reply_id)
    assert reply.resolve(scene.db, scene.ground) == [reply_id]
    assert (scene.reply(reply_id).state, scene.reply(reply_id).external_id) == ("sent", "r1")
    assert alert_of(scene, alert_id).state == "answered"
    assert scene.platform.calls() == 1


@pytest.mark.parametrize("fault", ["timeout", "500", "plain"])
def test_unclear_and_not_there_is_posted_after_a_look(scene: Scene, fault: str) -> None:
    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)
    scene.platform.plan(fault)
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "unknown"
    expire(scene, reply_id)
    assert reply.resolve(scene.db, scene.ground) == [reply_id]
    assert scene.reply(reply_id).state == "approved"
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "sent"
    assert len(scene.platform.replies()) == 1


def test_inside_the_read_lag_nothing_is_concluded(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.set("lag", 60)
    small.platform.plan("timeout")
    reply.send(small.db, small.ground)
    row = small.reply(reply_id)
    assert row.check_after is not None
    assert row.tried_at is not None
    assert row.check_after >= row.tried_at + timedelta(seconds=60)
    assert reply.resolve(small.db, small.ground) == []
    expire(small, reply_id)
    assert reply.resolve(small.db, small.ground) == []
    assert "checking" in (small.reply(reply_id).error or "")
    later = now() + timedelta(minutes=2)
    assert reply.resolve(small.db, small.ground, at=later) == [reply_id]
    assert small.reply(reply_id).state == "approved"


@pytest.mark.parametrize("found", ["unsure", "error"])
def test_what_cannot_be_looked_up_stays_unknown_until_a_person_says(small: Scene, found: str) -> None:
    mention_id, alert_id = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan("timeout")
    small.platform.set("find", found)
    reply.send(small.db, small.ground)
    for _ in range(3):
        expire(small, reply_id)
        assert reply.resolve(small.db, small.ground) == []
    assert small.reply(reply_id).state == "unknown"
    reply.settle(small.db, reply_id, small.people["mia"], posted=True, url="https://fake.example.test/r9")
    assert (small.reply(reply_id).state, alert_of(small, alert_id).state) == ("by_hand", "answered")


def test_refused_is_failed_with_the_hint_and_can_be_written_again(small: Scene) -> None:
    mention_id, alert_id = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan("422")
    reply.send(small.db, small.ground)
    row = small.reply(reply_id)
    assert (row.state, row.error) == ("failed", "refused Shorten it.")
    assert alert_of(small, alert_id).state == "open"
    assert approved(small, mention_id) != reply_id
    reply.send(small.db, small.ground)
    assert len(small.platform.replies()) == 1


def test_an_expired_token_fails_the_reply_and_marks_the_account(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan("401")
    reply.send(small.db, small.ground)
    assert small.reply(reply_id).state == "failed"
    with small.db.read() as session:
        account = session.get_one(Account, small.account_id)
        assert (account.health, account.health_note) == (
            "attention",
            "token expired Connect the account again.",
        )


@pytest.mark.parametrize(("fault", "seconds"), [("429", 90), ("unreachable", 30)])
def test_certainly_not_posted_is_tried_again_after_a_while(small: Scene, fault: str, seconds: int) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan(fault)
    at = now()
    reply.send(small.db, small.ground, at=at)
    row = small.reply(reply_id)
    assert (row.state, row.send_after) == ("approved", at + timedelta(seconds=seconds))
    assert reply.send(small.db, small.ground, at=at + timedelta(seconds=seconds - 1)) == []
    assert reply.send(small.db, small.ground, at=at + timedelta(seconds=seconds)) == [reply_id]
    assert len(small.platform.replies()) == 1


def test_it_gives_up_after_five_tries(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.plan(*["unreachable"] * 9)
    for _ in range(5):
        expire(small, reply_id)
        reply.send(small.db, small.ground)
    assert small.reply(reply_id).state == "failed"
    assert small.platform.calls() == 5


@pytest.mark.parametrize("posted", [True, False])
def test_a_lost_sender_leaves_an_unknown_reply_that_is_looked_up(scene: Scene, posted: bool) -> None:
    mention_id, _ = raised(scene)
    reply_id = approved(scene, mention_id)
    with scene.db.work() as session:  # what a killed process leaves behind
        row = session.get_one(Reply, reply_id)
        row.state, row.tried_at, row.attempts = "sending", now() - timedelta(minutes=9), 1
        row.lease_until = now() - timedelta(minutes=4)
    if posted:
        scene.platform.post(scene.external_id(mention_id), TEXT, "k")
    assert reply.send(scene.db, scene.ground) == []
    assert reply.resolve(scene.db, scene.ground) == []
    assert scene.reply(reply_id).state == "unknown"
    expire(scene, reply_id)
    assert reply.resolve(scene.db, scene.ground) == [reply_id]
    reply.send(scene.db, scene.ground)
    assert scene.reply(reply_id).state == "sent"
    assert len(scene.platform.replies()) == 1


def test_a_sender_that_still_holds_its_lease_is_left_alone(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    with small.db.work() as session:
        row = session.get_one(Reply, reply_id)
        row.state, row.tried_at, row.lease_until = "sending", now(), now() + timedelta(minutes=5)
    assert reply.send(small.db, small.ground) == []
    assert reply.resolve(small.db, small.ground) == []
    assert small.reply(reply_id).state == "sending"


def test_a_colleagues_own_answer_supersedes_what_waits_and_proves_what_is_unclear(small: Scene) -> None:
    mention_id, _ = raised(small)
    waiting = approved(small, mention_id, undo_seconds=60)
    small.own_post(small.external_id(mention_id), "Already done, see you!")
    triage.native_replies(small.db)
    assert small.reply(waiting).state == "superseded"
    with pytest.raises(Conflict, match="a colleague"):
        approved(small, mention_id)

    other, alert_id = raised(small, author="bob")
    unclear = approved(small, other)
    small.platform.plan("timeout")
    reply.send(small.db, small.ground)
    small.own_post(small.external_id(other), f"@bob {TEXT}", external_id="r77")
    triage.native_replies(small.db)
    assert (small.reply(unclear).state, small.reply(unclear).external_id) == ("sent", "r77")
    assert alert_of(small, alert_id).state == "answered"


def test_our_own_reply_coming_back_by_the_poll_is_not_a_colleagues(small: Scene) -> None:
    mention_id, _ = raised(small)
    approved(small, mention_id)
    reply.send(small.db, small.ground)
    small.own_post(small.external_id(mention_id), TEXT, external_id="r1")
    assert triage.native_replies(small.db) == 0
    with small.db.read() as session:
        assert len(session.scalars(select(Reply.id)).all()) == 1


def test_approval_needs_a_second_person_who_may(scene: Scene) -> None:
    mention_id, alert_id = raised(scene)
    with scene.db.work() as session:
        session.get_one(Alert, alert_id).needs_approval = True
    reply_id = approved(scene, mention_id)
    assert scene.reply(reply_id).state == "awaiting_approval"
    assert reply.send(scene.db, scene.ground) == []
    for person in ("mia", "noa", "max"):
        with pytest.raises(Forbidden):
            reply.approve_waiting(scene.db, reply_id, scene.people[person])
    reply.reject(scene.db, reply_id, scene.people["lea"], reason="too short")
    assert (scene.reply(reply_id).state, scene.reply(reply_id).error) == ("rejected", "too short")
    second = approved(scene, mention_id)
    with scene.db.work() as session:
        session.get_one(Reply, second).person_id = scene.people["lea"]
    with pytest.raises(Forbidden, match="of their own"):
        reply.approve_waiting(scene.db, second, scene.people["lea"])
    with scene.db.work() as session:
        session.get_one(Reply, second).person_id = scene.people["mia"]
    reply.approve_waiting(scene.db, second, scene.people["lea"])
    with pytest.raises(Conflict):
        reply.reject(scene.db, second, scene.people["lea"])
    assert reply.send(scene.db, scene.ground) == [second]
    assert scene.reply(second).approver_id == scene.people["lea"]


def test_a_post_that_changed_or_vanished_meanwhile_is_not_answered(small: Scene) -> None:
    changed, _ = raised(small)
    first = approved(small, changed)
    small.rescore(changed)
    gone, _ = raised(small, author="bob")
    second = approved(small, gone)
    with small.db.work() as session:
        session.get_one(Mention, gone).gone_at = AT
    reply.send(small.db, small.ground)
    assert (small.reply(first).state, small.reply(second).state) == ("superseded", "failed")
    assert small.platform.calls() == 0
    approved(small, changed)
    reply.send(small.db, small.ground)
    assert len(small.platform.replies()) == 1


def test_an_edited_post_may_be_answered_again(small: Scene) -> None:
    mention_id, _ = raised(small)
    approved(small, mention_id)
    reply.send(small.db, small.ground)
    small.rescore(mention_id)
    approved(small, mention_id, text="Thank you for the news, we are on it.")
    reply.send(small.db, small.ground)
    assert len(small.platform.replies()) == 2


@pytest.mark.parametrize("mode", ["link", "none"])
def test_where_we_cannot_reply_it_is_recorded_by_hand(small: Scene, mode: str) -> None:
    mention_id, alert_id = raised(small)
    small.platform.set("mode", mode)
    with pytest.raises(Blocked, match="replies are closed"):
        approved(small, mention_id)
    reply_id = reply.by_hand(small.db, mention_id, small.people["mia"], "https://fake.example.test/x")
    assert (small.reply(reply_id).state, alert_of(small, alert_id).state) == ("by_hand", "answered")
    with pytest.raises(Conflict):
        reply.by_hand(small.db, mention_id, small.people["noa"])


def test_replies_closed_after_approval_fail_without_a_call(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    small.platform.set("mode", "none")
    reply.send(small.db, small.ground)
    assert (small.reply(reply_id).state, small.platform.calls()) == ("failed", 0)


def test_the_guard_stops_what_is_too_long_or_has_gaps(small: Scene) -> None:
    mention_id, _ = raised(small)
    for text, words in (
        ("", "empty"),
        ("x" * 501, "1 characters too long"),
        ("Dear {name}", "Fill in {name}"),
    ):
        with pytest.raises(Blocked, match=words):
            approved(small, mention_id, text=text)


def test_a_foreign_brand_does_not_exist_and_a_manager_may_not_write(small: Scene) -> None:
    mention_id, _ = raised(small)
    with pytest.raises(NotFound):
        approved(small, mention_id, "omar")
    with pytest.raises(Forbidden):
        approved(small, mention_id, "max")
    reply_id = approved(small, mention_id)
    with pytest.raises(NotFound):
        reply.undo(small.db, reply_id, small.people["omar"])
    with pytest.raises(Forbidden):
        reply.undo(small.db, reply_id, small.people["noa"])


def test_a_restored_instance_sends_nothing_until_confirmed(small: Scene) -> None:
    mention_id, _ = raised(small)
    reply_id = approved(small, mention_id)
    with small.db.work() as session:
        holding.hold(session, "restored")
    assert reply.send(small.db, small.ground) == []
    with small.db.work() as session:
        holding.confirm(session)
    assert reply.send(small.db, small.ground) == [reply_id]
