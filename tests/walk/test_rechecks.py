"""What changes on the platform after it was heard, with the real Mastodon client against the simulated server: an edit,
a deletion, a rate limit in the middle, and a customer who is faster than our answer; on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import select, update

from alerts import closing, digest, people, rechecks, reply
from alerts.models import Alert, Person, Reply
from alerts.triage import triage
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention, Source
from listener.simulator import Simulator
from listener.simulator.model import Post
from sentiment.models import Score
from sentiment.reader import Reader
from sentiment.score import score
from tests.walk.test_walk import ground, listen, reader, simulator, work_off
from web import export

__all__ = ["ground", "reader", "simulator"]


def make_due(db: Database) -> None:
    """Let a quarter of an hour pass for every post, and the pause between two looks."""
    with db.work() as session:
        session.execute(
            update(Mention).where(Mention.gone_at.is_(None)).values(recheck_at=now() - timedelta(minutes=1))
        )
        session.execute(update(Source).values(recheck_after=None))


def look(db: Database, ground: Ground, reader: Reader) -> None:
    """Look at everything once, in as many runs as it takes, and let the walk go on."""
    while True:
        with db.work() as session:
            session.execute(update(Source).values(recheck_after=None))
        claimed = rechecks.due(db)
        if not claimed:
            break
        for source_id in claimed:
            assert rechecks.run(db, ground, source_id).error is None
    while score(db, reader, limit=64):
        pass
    closing.gone(db)
    while triage(db, limit=64) is not None:
        pass


def open_alert(db: Database, simulator: Simulator) -> tuple[Alert, Post]:
    """An alert that can be answered, of one post of a customer, and that post."""
    with db.read() as session:
        rows = session.execute(
            select(Alert, Mention.external_id)
            .join(Mention, Mention.id == Alert.latest_mention_id)
            .where(Alert.state == "open", Alert.kind == "alert", Alert.reply_mode == "api", Alert.posts == 1)
            .order_by(Alert.level, Alert.id)
        ).all()
    alert, external_id = rows[0]
    post = simulator.world.post(external_id)
    assert post is not None
    return alert, post


def agent(db: Database) -> int:
    return people.add_person(
        db, "dana@example.test", role="lead", password="a long pass phrase", brands=[], name="Dana"
    )


def alert_of(db: Database, alert_id: int) -> Alert:
    with db.read() as session:
        return session.get_one(Alert, alert_id)


def exported(db: Database) -> str:
    return json.dumps([*export.mentions(db), *export.alerts(db)], ensure_ascii=False)


def test_an_edit_changes_the_score_and_a_deletion_leaves_no_words(
    db: Database, ground: Ground, simulator: Simulator, reader: Reader
) -> None:
    work_off(db, ground, listen(db, ground, simulator), reader)
    alert, post = open_alert(db, simulator)
    handle = simulator.world.brand.username if simulator.world.brand else ""
    words = f"@{handle} somebody hacked my account, money is gone, I am calling the police right now"
    simulator.world.edit(post, words)
    make_due(db)
    look(db, ground, reader)
    with db.read() as session:
        mention = session.get_one(Mention, alert.latest_mention_id)
        scores = session.scalars(
            select(Score).where(Score.mention_id == mention.id).order_by(Score.revision)
        ).all()
    assert (mention.revision, mention.edited_at is not None) == (2, True)
    assert [one.revision for one in scores] == [1, 2]
    edited = alert_of(db, alert.id)
    assert "hacked my account" in edited.text
    assert edited.level == max(alert.level, scores[-1].level)
    assert "hacked my account" in exported(db)

    person = agent(db)
    reply.draft(db, mention_id=mention.id, text="We are on it.", person_id=person)
    simulator.world.delete(post)
    make_due(db)
    look(db, ground, reader)
    gone = alert_of(db, alert.id)
    assert (gone.state, gone.resolution, gone.text, gone.reasons) == ("closed", "gone", "", [])
    assert "hacked my account" not in exported(db)
    with db.read() as session:
        assert session.get_one(Mention, mention.id).text == ""
        mine = select(Reply.state).where(Reply.person_id == person)
        assert session.scalars(mine).all() == ["withdrawn"]
        manager = session.get_one(Person, person)
        for days in (0, 1):
            data = digest.build(session, manager, "daily", (now() - timedelta(days=days)).date())
            assert "hacked my account" not in repr(data)


def test_a_429_in_the_middle_loses_nothing_and_the_polls_go_on(
    db: Database, ground: Ground, simulator: Simulator, reader: Reader
) -> None:
    source_id = listen(db, ground, simulator)
    work_off(db, ground, source_id, reader)
    make_due(db)
    simulator.faults.set("rate_limited", times=1, seconds=120, path="/statuses/", after=3)
    assert rechecks.due(db) == [source_id]
    outcome = rechecks.run(db, ground, source_id)
    assert outcome.error
    assert outcome.asked == 3
    with db.read() as session:
        source = session.get_one(Source, source_id)
        looked = session.scalars(select(Mention.id).where(Mention.checked_at.is_not(None))).all()
    assert len(looked) == 3
    assert source.recheck_after is not None
    assert timedelta(seconds=60) < source.recheck_after - now() < timedelta(seconds=180)
    assert rechecks.due(db) == []
    work_off(db, ground, source_id, reader)  # hearing is not held back
    look(db, ground, reader)
    with db.read() as session:
        assert not session.scalars(select(Mention.id).where(Mention.checked_at.is_(None))).all()


def test_a_customer_who_is_faster_than_our_answer(
    db: Database, ground: Ground, simulator: Simulator, reader: Reader
) -> None:
    work_off(db, ground, listen(db, ground, simulator), reader)
    person = agent(db)
    before = len(simulator.world.replies_by_brand())
    for change, state, why in (
        (
            lambda post: simulator.world.edit(post, "Never mind, it works now"),
            "superseded",
            "changed the post",
        ),
        (simulator.world.delete, "failed", "deleted by its author"),
    ):
        alert, post = open_alert(db, simulator)
        reply_id = reply.approve(
            db,
            ground,
            mention_id=alert.latest_mention_id,
            text="We are on it.",
            person_id=person,
            undo_seconds=0,
        )
        change(post)
        reply.send(db, ground)
        with db.read() as session:
            row = session.get_one(Reply, reply_id)
        assert row.state == state
        assert why in (row.error or "")
    assert len(simulator.world.replies_by_brand()) == before
