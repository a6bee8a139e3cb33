"""What upstream changes do to alerts: edited, deleted, shared, answered elsewhere."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from alerts import closing, rechecks, reply, triage
from alerts.models import Alert, Event, Suggestion
from listener.db import now
from listener.models import Mention, Source
from sentiment.models import Score
from tests.alerts.replies import TEXT, alert_of, approved, raised
from tests.alerts.scene import AT, Scene


def heard(scene: Scene, **fields: object) -> tuple[int, int]:
    """An alert of today, whose post is due for another look; return (mention, alert)."""
    at = now() - timedelta(minutes=30)
    mention_id = scene.mention(posted_at=at, recheck_at=at, **fields)  # type: ignore[arg-type]
    done = triage.triage(scene.db)
    assert done is not None
    return mention_id, done.raised[-1]


def look(scene: Scene) -> None:
    """Look again at what is due, and triage what came of it (an edit is scored by the test)."""
    for source_id in rechecks.due(scene.db):
        rechecks.run(scene.db, scene.ground, source_id)
    closing.gone(scene.db)
    triage.triage(scene.db)


def said(scene: Scene, mention_id: int, what: object) -> None:
    scene.platform.set("now", {scene.external_id(mention_id): what})


def mention_of(scene: Scene, mention_id: int) -> Mention:
    with scene.db.read() as session:
        return session.get_one(Mention, mention_id)


def let_time_pass(scene: Scene) -> None:
    """Let the pause between two looks be over, and everything be due again."""
    with scene.db.work() as session:
        session.execute(update(Source).values(recheck_after=None))
        session.execute(update(Mention).values(recheck_at=now() - timedelta(minutes=1)))


def kinds(scene: Scene, alert_id: int) -> list[str]:
    with scene.db.read() as session:
        return list(session.scalars(select(Event.kind).where(Event.alert_id == alert_id).order_by(Event.id)))


def test_posts_with_an_open_alert_come_first_and_soon(scene: Scene) -> None:
    scene.mention(level=0, posted_at=now(), recheck_at=now() - timedelta(hours=2))
    watched = scene.mention(
        needs_reply=False, author="press", posted_at=now(), recheck_at=now() + timedelta(hours=1)
    )
    mention_id, alert_id = heard(scene, author="bob")
    with scene.db.work() as session:
        session.execute(update(Mention).where(Mention.id == mention_id).values(recheck_at=None))
    rechecks.due(scene.db)
    soon = mention_of(scene, mention_id).recheck_at
    assert soon is not None
    assert timedelta(minutes=14) < soon - now() <= timedelta(minutes=15)
    later = mention_of(scene, watched).recheck_at  # nobody has to answer it
    assert later is not None
    assert later - now() > timedelta(minutes=50)
    with scene.db.read() as session:
        assert list(session.scalars(rechecks.pressing())) == [mention_id]
    with scene.db.work() as session:
        session.get_one(Alert, alert_id).state = "answered"
    with scene.db.read() as session:
        assert list(session.scalars(rechecks.pressing())) == []


def test_an_edit_is_scored_again_and_shows_on_the_alert(scene: Scene) -> None:
    mention_id, alert_id = heard(scene)
    said(scene, mention_id, {"text": "The courier threw my parcel into the river"})
    look(scene)
    row = mention_of(scene, mention_id)
    assert (row.revision, row.stage) == (2, "collected")
    assert row.edited_at is not None
    with scene.db.work() as session:
        row = session.get_one(Mention, mention_id)
        row.stage = "scored"
        scene._score(session, row, 3, "negative", "safety_legal", True, "en")
    triage.triage(scene.db)
    alert = alert_of(scene, alert_id)
    assert (alert.level, alert.text) == (3, "The courier threw my parcel into the river")
    assert kinds(scene, alert_id)[-1] == "alert.edited"


def test_what_is_deleted_leaves_no_words_behind(scene: Scene) -> None:
    mention_id, alert_id = heard(scene)
    draft_id = reply.draft(
        scene.db, mention_id=mention_id, text="Dear Ann, about the parcel", person_id=scene.people["noa"]
    )
    waiting = approved(scene, mention_id, undo_seconds=60)
    said(scene, mention_id, "gone")
    look(scene)
    alert = alert_of(scene, alert_id)
    assert (alert.state, alert.resolution, alert.text, alert.reasons) == ("closed", "gone", "", [])
    row = mention_of(scene, mention_id)
    assert (row.text, row.recheck_at, row.gone_seen) == ("", None, True)
    assert scene.reply(draft_id).state == "withdrawn"
    assert scene.reply(waiting).state == "failed"
    assert "deleted by its author" in (scene.reply(waiting).error or "")
    with scene.db.read() as session:
        assert session.scalars(select(Suggestion.id)).all() == []
        assert session.scalars(select(Score.reasons)).all() == [[]]
    assert scene.platform.calls() == 0


def test_an_alert_goes_on_with_the_posts_that_are_left(scene: Scene) -> None:
    first = scene.mention("My parcel is lost", thread="t1", posted_at=AT - timedelta(minutes=30))
    second = scene.mention("Hello??", thread="t1", posted_at=AT - timedelta(minutes=5))
    triage.triage(scene.db, at=AT)
    (alert,) = scene.alerts()
    assert alert.latest_mention_id == second
    with scene.db.work() as session:
        session.get_one(Mention, second).gone_at = AT
    assert closing.gone(scene.db, at=AT) == []
    alert = alert_of(scene, alert.id)
    assert (alert.state, alert.latest_mention_id, alert.text) == ("open", first, "My parcel is lost")
    with scene.db.work() as session:
        session.get_one(Mention, first).gone_at = AT
    assert closing.gone(scene.db, at=AT) == [alert.id]


def test_an_answered_alert_shows_no_deleted_words_either(small: Scene) -> None:
    mention_id, alert_id = raised(small)
    approved(small, mention_id)
    reply.send(small.db, small.ground)
    with small.db.work() as session:
        session.get_one(Mention, mention_id).gone_at = AT
    assert closing.gone(small.db, at=AT) == []
    alert = alert_of(small, alert_id)
    assert (alert.state, alert.text) == ("answered", "")
    assert kinds(small, alert_id)[-1] == "alert.gone"
    assert closing.gone(small.db, at=AT) == []
    assert kinds(small, alert_id).count("alert.gone") == 1


def test_a_complaint_that_spreads_becomes_more_urgent(scene: Scene) -> None:
    mention_id, alert_id = heard(scene)
    before = alert_of(scene, alert_id)
    said(scene, mention_id, {"engagement": {"likes": 30}})  # many for a post, not for a crisis
    look(scene)
    assert alert_of(scene, alert_id).level == 2
    said(scene, mention_id, {"engagement": {"likes": 150}})
    let_time_pass(scene)
    look(scene)
    alert = alert_of(scene, alert_id)
    assert (alert.level, alert.state) == (3, "open")
    assert before.due_at is not None
    assert alert.due_at is not None
    assert alert.due_at < before.due_at
    assert kinds(scene, alert_id)[-1] == "alert.spread"
    assert mention_of(scene, mention_id).revision == 1


def test_a_grumble_that_spreads_raises_an_alert_praise_does_not(scene: Scene) -> None:
    at = now() - timedelta(minutes=30)
    grumble = scene.mention(level=1, posted_at=at, recheck_at=at)
    praise = scene.mention(level=1, sentiment="positive", author="bob", posted_at=at, recheck_at=at)
    triage.triage(scene.db)
    assert scene.alerts() == []
    wide = {"engagement": {"likes": 80, "reposts": 40}}
    scene.platform.set("now", {scene.external_id(each): wide for each in (grumble, praise)})
    look(scene)
    (alert,) = scene.alerts()
    assert (alert.mention_id, alert.level) == (grumble, 2)
    with scene.db.read() as session:
        event = session.scalars(select(Event).where(Event.kind == "alert.raised")).one()
    assert event.data["why"] == "urgency 2, 120 reactions"


def test_growth_does_not_open_what_is_answered(small: Scene) -> None:
    mention_id, alert_id = heard(small)
    approved(small, mention_id)
    reply.send(small.db, small.ground)
    said(small, mention_id, {"engagement": {"likes": 5_000}})
    let_time_pass(small)
    look(small)
    assert mention_of(small, mention_id).engagement == {"likes": 5_000}
    assert alert_of(small, alert_id).state == "answered"


def test_an_answer_that_appeared_upstream_is_not_replaced_unread(scene: Scene) -> None:
    mention_id, _ = heard(scene)
    reply_id = approved(scene, mention_id)
    said(scene, mention_id, {"existing_reply": "Please call us."})
    reply.send(scene.db, scene.ground)
    sent = scene.reply(reply_id)
    assert (sent.state, scene.platform.calls()) == ("failed", 0)
    assert "replaced that unread" in (sent.error or "")
    assert mention_of(scene, mention_id).existing_reply == "Please call us."
    approved(scene, mention_id)  # seen now: replaced on purpose
    reply.send(scene.db, scene.ground)
    assert scene.platform.calls() == 1


def test_right_before_sending_the_post_is_read_once_more(scene: Scene) -> None:
    edited, _ = heard(scene)
    gone, gone_alert = heard(scene, author="bob")
    same, _ = heard(scene, author="cleo")
    broken, _ = heard(scene, author="dora")
    ids = {each: approved(scene, each) for each in (edited, gone, same, broken)}
    scene.platform.set("now", {
        scene.external_id(edited): {"text": "It has arrived, thank you!"},
        scene.external_id(gone): "gone",
        scene.external_id(broken): "error",
    })  # fmt: skip
    reply.send(scene.db, scene.ground)
    assert scene.reply(ids[edited]).state == "superseded"
    assert "changed the post" in (scene.reply(ids[edited]).error or "")
    assert scene.reply(ids[gone]).state == "failed"
    assert "deleted by its author" in (scene.reply(ids[gone]).error or "")
    assert scene.reply(ids[same]).state == "sent"
    assert scene.reply(ids[broken]).state == "sent"  # who cannot be asked does not keep the answer back
    assert [each["text"] for each in scene.platform.replies()] == [TEXT, TEXT]
    assert mention_of(scene, gone).text == ""
    closing.gone(scene.db)
    assert alert_of(scene, gone_alert).resolution == "gone"
