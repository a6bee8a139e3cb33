"""The page of one alert and what people do there besides replying: assign, snooze, close, reopen, note, presence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, request, url_for
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alerts import flow
from alerts.errors import AlertsError
from alerts.models import Alert, Person
from listener.db import now, upsert
from sentiment.labels import CATEGORIES
from web import case as cases
from web import inbox
from web.case import Case
from web.models import Presence
from web.page import Answer, _, back, fragment, show, tell, whole
from web.security import context, requires, safe_next, viewer

HERE = timedelta(seconds=20)  # a presence older than this is gone: nobody is locked out by a closed laptop

blueprint = Blueprint("alert", __name__, url_prefix="/alerts/<int:alert_id>")


@dataclass(frozen=True, slots=True)
class Other:
    """A colleague who looks at the same alert."""

    name: str
    editing: bool


@blueprint.get("")
@requires("alerts.read")
def alert(alert_id: int) -> Answer:
    """Show one alert."""
    ctx = context()
    flow.open_(ctx.db, viewer(), [alert_id])
    with ctx.db.read() as session:
        case = cases.of_alert(session, viewer(), alert_id)
        case.others = others(session, alert_id)
    return show_case(case)


def show_case(case: Case, *, status: int = 200, text: str | None = None) -> Answer:
    """Show a case; `text` stands in the composer in place of the draft (what was just refused)."""
    from web import reply  # noqa: PLC0415 - reply shows cases too

    reply.complete(case)
    if text is not None:
        case.draft = text
    verdict = reply.verdict_of(case, case.draft) if case.draft and case.mode == "api" else None
    return show(
        "alert/page.html", status=status, case=case, categories=CATEGORIES, verdict=verdict, text=case.draft,
        unit_name=reply.unit_name,
    )  # fmt: skip


@blueprint.post("/assign")
@requires("alerts.work")
def assign(alert_id: int) -> Answer:
    """Give the alert to somebody, or back to nobody."""
    wanted = request.form.get("person", "")
    person_id = whole(wanted)
    if wanted and person_id is None:
        raise AlertsError(_("Choose a person from the list."))
    flow.assign(context().db, viewer(), [alert_id], person_id)
    return back("alert.alert", alert_id=alert_id)


@blueprint.post("/snooze")
@requires("alerts.work")
def snooze(alert_id: int) -> Answer:
    """Hide the alert for some hours, or mark that we wait for the customer."""
    db = context().db
    if request.form.get("waiting"):
        flow.wait(db, viewer(), [alert_id], waiting=True)
        tell(_("Marked as waiting for the customer."))
    else:
        hours = whole(request.form.get("hours"), 24 * 31)
        if not hours:
            raise AlertsError(_("Choose between 1 hour and 31 days."))
        flow.snooze(db, viewer(), [alert_id], now() + timedelta(hours=hours))
        tell(_("Snoozed. It comes back by itself, or when the customer writes."))
    return back("alert.alert", alert_id=alert_id)


@blueprint.post("/close")
@requires("alerts.work")
def close(alert_id: int) -> Answer:
    """Close the alert and go to the next one."""
    ctx = context()
    flow.close(ctx.db, viewer(), [alert_id], request.form.get("resolution", "resolved"))
    inbox.offer_undo("close", [alert_id], back_to=url_for("alert.alert", alert_id=alert_id))
    follows = next_alert(alert_id)
    target = url_for("alert.alert", alert_id=follows) if follows else url_for("inbox.inbox")
    return inbox.see(safe_next(request.form.get("next"), target))


@blueprint.post("/reopen")
@requires("alerts.work")
def reopen(alert_id: int) -> Answer:
    """Open the alert again."""
    flow.reopen(context().db, viewer(), [alert_id])
    return back("alert.alert", alert_id=alert_id)


@blueprint.post("/notes")
@requires("alerts.work")
def note(alert_id: int) -> Answer:
    """Write a remark for colleagues."""
    flow.note(context().db, viewer(), alert_id, request.form.get("text", ""))
    return back("alert.alert", alert_id=alert_id)


@blueprint.post("/presence")
@requires("alerts.read")
def presence(alert_id: int) -> Answer:
    """Say that I am here, and hear who else is. Never a lock."""
    db = context().db
    me = viewer()
    with db.work() as session:
        cases.of_alert(session, me, alert_id)
        session.execute(delete(Presence).where(Presence.at < now() - HERE))
        values = {"editing": bool(request.form.get("editing")), "at": now()}
        statement = upsert(session, Presence).values(alert_id=alert_id, person_id=me.id, **values)
        session.execute(
            statement.on_conflict_do_update(index_elements=["alert_id", "person_id"], set_=values)
        )
        found = others(session, alert_id)
        case = cases.of_alert(session, me, alert_id)
        case.others = found
    return fragment("alert/head.html", "presence", case=case)


def others(session: Session, alert_id: int) -> list[Other]:
    """Return the colleagues who look at this alert now."""
    query = (
        select(Person.name, Person.email, Presence.editing)
        .join(Presence, Presence.person_id == Person.id)
        .where(Presence.alert_id == alert_id, Presence.person_id != viewer().id, Presence.at >= now() - HERE)
        .order_by(Person.id)
    )
    return [Other(name or email, editing) for name, email, editing in session.execute(query)]


def next_alert(alert_id: int) -> int | None:
    """Return the alert that stands first in the inbox now, other than this one.

    Where the script is there, the form says the next row of the list that the person came from.
    """
    with context().db.read() as session:
        query = select(Alert.id).where(Alert.state == "open", Alert.kind == "alert", Alert.id != alert_id)
        query = query.where(Alert.snoozed_until.is_(None))
        me = viewer()
        if me.brand_ids is not None:
            query = query.where(Alert.brand_id.in_(me.brand_ids))
        return session.scalar(query.order_by(Alert.level.desc(), Alert.id.desc()).limit(1))
