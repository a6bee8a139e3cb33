"""What people do with alerts: all or none, one event each, a number that grows."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts import flow, inbox, triage
from alerts.errors import AlertsError, Forbidden, NotFound
from alerts.models import Event, Note
from alerts.people import Viewer
from tests.alerts.scene import AT, Scene


def raised(scene: Scene, count: int = 1, **fields: object) -> list[int]:
    for number in range(count):
        scene.mention(author=f"a{number}", **fields)  # type: ignore[arg-type]
    done = triage.triage(scene.db, at=AT)
    assert done is not None
    return done.raised


def kinds(scene: Scene, alert_id: int) -> list[str]:
    with scene.db.read() as session:
        return list(session.scalars(select(Event.kind).where(Event.alert_id == alert_id).order_by(Event.id)))


def test_the_life_of_an_alert(scene: Scene) -> None:
    (alert_id,) = raised(scene)
    me = scene.viewer()
    numbers = [scene.alerts()[0].changed]
    for step in (
        lambda: flow.open_(scene.db, me, [alert_id], at=AT),
        lambda: flow.assign(scene.db, me, [alert_id], me.id),
        lambda: flow.snooze(scene.db, me, [alert_id], AT + timedelta(hours=1), at=AT),
        lambda: flow.snooze(scene.db, me, [alert_id], None, at=AT),
        lambda: flow.wait(scene.db, me, [alert_id], waiting=True),
        lambda: flow.note(scene.db, me, alert_id, " ask Lea "),
        lambda: flow.close(scene.db, me, [alert_id], "spam", at=AT),
        lambda: flow.reopen(scene.db, me, [alert_id]),
    ):
        step()
        numbers.append(scene.alerts()[0].changed)
    assert numbers == sorted(set(numbers))
    (alert,) = scene.alerts()
    assert (alert.state, alert.resolution, alert.closed_at, alert.reopened) == ("open", None, None, 1)
    assert (alert.opened_at, alert.assignee_id, alert.waiting) == (AT, me.id, False)
    assert kinds(scene, alert_id) == [
        "alert.raised", "alert.opened", "alert.assigned", "alert.snoozed", "alert.snoozed", "alert.waiting",
        "alert.noted", "alert.closed", "alert.reopened",
    ]  # fmt: skip
    with scene.db.read() as session:
        assert session.scalars(select(Note.text)).all() == ["ask Lea"]


def test_opening_or_assigning_twice_is_one_event(small: Scene) -> None:
    (alert_id,) = raised(small)
    me = small.viewer()
    for _ in range(2):
        flow.open_(small.db, me, [alert_id], at=AT)
        flow.assign(small.db, me, [alert_id], me.id)
    assert kinds(small, alert_id) == ["alert.raised", "alert.opened", "alert.assigned"]


def test_one_foreign_id_fails_all_of_them_and_looks_like_none(scene: Scene) -> None:
    (mine,) = raised(scene, brand_id=scene.other_brand_id)
    (foreign,) = raised(scene)
    omar = scene.viewer("omar", brands=frozenset({scene.other_brand_id}))
    for ids in ([mine, foreign], [foreign], [mine, 999]):
        with pytest.raises(NotFound, match="there is no alert"):
            flow.close(scene.db, omar, ids, at=AT)
    with pytest.raises(NotFound):
        flow.note(scene.db, omar, foreign, "hello")
    assert {alert.state for alert in scene.alerts()} == {"open"}
    flow.close(scene.db, omar, [mine, mine], at=AT)
    assert [alert.state for alert in scene.alerts()] == ["closed", "open"]


def test_who_may_do_what(small: Scene) -> None:
    (alert_id,) = raised(small)
    with pytest.raises(Forbidden):
        flow.close(small.db, small.viewer("max", role="manager"), [alert_id])
    with pytest.raises(Forbidden):
        flow.assign(small.db, small.viewer(), [alert_id], small.people["noa"])
    lea = small.viewer("lea", role="lead")
    flow.assign(small.db, lea, [alert_id], small.people["noa"])
    with pytest.raises(AlertsError, match="only an active agent"):
        flow.assign(small.db, lea, [alert_id], small.people["max"])
    with pytest.raises(AlertsError, match="does not see the brand"):
        flow.assign(small.db, lea, [alert_id], small.people["omar"])
    assert small.alerts()[0].assignee_id == small.people["noa"]


def test_bad_wishes_are_refused(small: Scene) -> None:
    (alert_id,) = raised(small)
    me = small.viewer()
    with pytest.raises(AlertsError, match="in the future"):
        flow.snooze(small.db, me, [alert_id], AT, at=AT)
    with pytest.raises(AlertsError, match="unknown resolution"):
        flow.close(small.db, me, [alert_id], "bored")
    with pytest.raises(AlertsError, match="empty"):
        flow.note(small.db, me, alert_id, "  ")


def test_a_poll_for_changes_misses_none_while_many_people_work(scene: Scene) -> None:
    ids = raised(scene, 12)
    me = scene.viewer()
    seen: set[int] = set()
    since = scene.alerts()[0].changed
    stop = threading.Event()

    def work(part: list[int]) -> None:
        for alert_id in part:
            flow.wait(scene.db, me, [alert_id], waiting=True)

    def look(since: int) -> int:
        with scene.db.read() as session:
            newest, changed = inbox.changes(session, me, since)
        seen.update(changed)
        return newest

    def watch() -> None:
        at = since
        while not stop.wait(0.005):
            at = look(at)
        look(at)

    watcher = threading.Thread(target=watch)
    watcher.start()
    workers = [threading.Thread(target=work, args=(ids[number::3],)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stop.set()
    watcher.join()
    assert seen == set(ids)


def test_a_viewer_without_brands_left_sees_nothing(small: Scene) -> None:
    (alert_id,) = raised(small)
    with pytest.raises(NotFound):
        flow.open_(small.db, Viewer(id=1, role="agent", brand_ids=frozenset()), [alert_id])
