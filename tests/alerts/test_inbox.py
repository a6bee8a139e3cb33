"""Pages of the inbox: order, paging, filters, counts, visibility, and the indexes they stand on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, insert, text

from alerts import flow, inbox, triage
from alerts.errors import AlertsError, NotFound
from alerts.inbox import Filters
from alerts.models import Alert
from tests.alerts.scene import AT, Scene

LEVELS = (1, 3, 2, 2, 3, 1, 2)


def fill(scene: Scene, levels: tuple[int, ...] = LEVELS, **fields: object) -> list[int]:
    """Raise one alert a level, in this order; return their ids."""
    from alerts import rules

    if not scene.alerts():
        rules.add(scene.db, "all", min_level=1)
    ids = []
    for number, level in enumerate(levels):
        scene.mention(level=level, author=f"{fields.get('brand_id', '')}a{number}", **fields)  # type: ignore[arg-type]
        done = triage.triage(scene.db, at=AT)
        assert done is not None
        ids += done.raised
    return ids


def shown(scene: Scene, viewer: object = None, **filters: object) -> list[int]:
    with scene.db.read() as session:
        page = inbox.page(session, viewer or scene.viewer(), Filters(**filters), at=AT)  # type: ignore[arg-type]
        return [row.id for row in page.rows]


@pytest.mark.parametrize("sort", inbox.SORTS)
def test_pages_follow_each_other_without_gap_or_repetition(scene: Scene, sort: str) -> None:
    ids = fill(scene)
    with scene.db.work() as session:
        session.get_one(Alert, ids[0]).due_at = None
    whole = shown(scene, sort=sort)
    paged: list[int] = []
    cursor: str | None = None
    while True:
        with scene.db.read() as session:
            page = inbox.page(session, scene.viewer(), Filters(sort=sort), cursor, limit=2, at=AT)
        paged += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert paged == whole
    assert sorted(paged) == ids
    by_id = {alert.id: alert for alert in scene.alerts()}
    if sort == "urgency":
        assert [by_id[number].level for number in whole] == [3, 3, 2, 2, 2, 1, 1]
    if sort == "due":
        assert whole[-1] == ids[0]
        dues = [by_id[number].due_at for number in whole[:-1]]
        assert dues == sorted(dues)  # type: ignore[type-var]


def test_a_new_alert_does_not_shift_the_next_page(small: Scene) -> None:
    fill(small)
    with small.db.read() as session:
        first = inbox.page(session, small.viewer(), Filters(), limit=3, at=AT)
    fill(small, (3,), thread="new")
    with small.db.read() as session:
        second = inbox.page(session, small.viewer(), Filters(), first.next_cursor, limit=9, at=AT)
    assert not {row.id for row in first.rows} & {row.id for row in second.rows}
    assert len(first.rows) + len(second.rows) == len(LEVELS)


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJkdWUiXQ", "WyJ1cmdlbmN5Iiwi4pi6Il0"])
def test_a_cursor_that_is_not_ours_is_refused(small: Scene, cursor: str) -> None:
    with small.db.read() as session, pytest.raises(AlertsError, match="start again"):
        inbox.page(session, small.viewer(), Filters(), cursor)


def test_filters_narrow(small: Scene) -> None:
    ids = fill(small)
    me = small.viewer()
    flow.assign(small.db, me, [ids[0]], me.id)
    flow.snooze(small.db, me, [ids[1]], AT + timedelta(hours=1), at=AT)
    flow.close(small.db, me, [ids[2]], at=AT)
    scene_alerts = {alert.id: alert for alert in small.alerts()}
    assert set(shown(small)) == set(ids) - {ids[1], ids[2]}
    assert shown(small, state="snoozed") == [ids[1]]
    assert shown(small, state="closed") == [ids[2]]
    assert len(shown(small, state="all")) == len(ids)
    assert shown(small, assignee="me") == shown(small, assignee=str(me.id)) == [ids[0]]
    assert ids[0] not in shown(small, assignee="none")
    assert shown(small, assignee="rm -rf") == []
    assert shown(small, level=3) == [ids[4]]
    assert shown(small, text=scene_alerts[ids[3]].author) == [ids[3]]
    assert shown(small, text="100%") == []
    assert shown(small, text="_") == []
    assert len(shown(small, text="PARCEL")) == 5
    assert shown(small, channel="x") == shown(small, language="fr") == shown(small, brand="Other") == []
    assert (
        len(
            shown(small, brand="Acme", channel="fake", language="en", category="delivery_delay", kind="alert")
        )
        == 5
    )
    assert shown(small, overdue=True) == []
    with small.db.read() as session:
        late = inbox.page(session, me, Filters(overdue=True), at=AT + timedelta(hours=3))
        assert {row.level for row in late.rows} == {2, 3}


def test_filters_survive_the_url() -> None:
    filters = Filters(
        state="closed", level=3, brand="Acme", assignee="me", overdue=True, text="a&b", sort="due"
    )
    assert Filters.from_params(filters.params()) == filters
    assert Filters().params() == {}
    strange = {
        "state": "x",
        "level": "9",
        "incident": "1; drop",
        "sort": "?",
        "kind": "y",
        "overdue": "maybe",
    }
    assert Filters.from_params(strange) == Filters()


def test_counts_follow_the_filters_and_stop(small: Scene) -> None:
    ids = fill(small)
    me = small.viewer()
    flow.close(small.db, me, [ids[1]], at=AT)
    with small.db.read() as session:
        found = inbox.counts(session, me, Filters(), at=AT)
        assert (found["open"], found["closed"], found["critical"], found["unassigned"]) == (6, 1, 1, 6)
        assert inbox.counts(session, me, Filters(level=2), at=AT)["open"] == 3
    with small.db.work() as session:
        row = {column.key: getattr(small.alerts()[0], column.key) for column in Alert.__table__.columns}
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        del row["id"]
        session.execute(
            insert(Alert), [{**row, "mention_id": 10_000 + number, "state": "open"} for number in range(150)]
        )
        found = inbox.counts(session, me, Filters(), at=AT)
        session.rollback()
    assert (found["open"], found["closed"]) == (inbox.CAP, 1)


def test_a_foreign_brand_is_nowhere(scene: Scene) -> None:
    acme = fill(scene, (2,))
    other = fill(scene, (2,), brand_id=scene.other_brand_id)
    omar = scene.viewer("omar", brands=frozenset({scene.other_brand_id}))
    assert shown(scene, omar, state="all") == other
    assert shown(scene, omar, brand="Acme", state="all") == []
    with scene.db.read() as session:
        assert inbox.counts(session, omar, Filters(), at=AT)["open"] == 1
        assert inbox.changes(session, omar, 0)[1] == other
        assert inbox.get(session, omar, other[0]).id == other[0]
        with pytest.raises(NotFound):
            inbox.get(session, omar, acme[0])
    nobody = scene.viewer("omar", brands=frozenset())
    assert shown(scene, nobody, state="all") == []


def test_changes_since_a_number(scene: Scene) -> None:
    first, second = fill(scene, (2, 2))
    with scene.db.read() as session:
        newest, ids = inbox.changes(session, scene.viewer(), 0)
        assert ids == [first, second]
        assert inbox.changes(session, scene.viewer(), newest) == (newest, [])
    flow.wait(scene.db, scene.viewer(), [first], waiting=True)
    with scene.db.read() as session:
        assert inbox.changes(session, scene.viewer(), newest) == (newest + 1, [first])


def test_the_first_page_is_read_from_an_index(scene: Scene) -> None:
    ran: list[tuple[str, object]] = []

    def note(
        _connection: object, _cursor: object, statement: str, parameters: object, *_more: object
    ) -> None:
        ran.append((statement, parameters))

    event.listen(scene.db.engine, "before_cursor_execute", note)
    for filters in (Filters(), Filters(sort="newest", state="all")):
        ran.clear()
        with scene.db.read() as session:
            if not scene.db.is_sqlite:  # a small table is cheapest to scan; would the index do?
                session.execute(text("SET LOCAL enable_seqscan = off"))
                session.execute(text("SET LOCAL enable_bitmapscan = off"))
                ran.clear()
            inbox.page(session, scene.viewer(), filters, at=AT)
            statement, parameters = next(each for each in ran if "ORDER BY alert" in each[0])
            explain = "EXPLAIN QUERY PLAN " if scene.db.is_sqlite else "EXPLAIN "
            rows = session.connection().exec_driver_sql(explain + statement, parameters)  # type: ignore[arg-type]
            plan = "\n".join(str(row) for row in rows)
        assert "TEMP B-TREE" not in plan, plan
        assert "Sort" not in plan, plan
        if filters == Filters():
            assert "ix_alert_inbox" in plan, plan
