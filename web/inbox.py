"""The inbox: filters in the address, a page of alerts, what changed since, and bulk actions with undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, Response, flash, g, redirect, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from alerts import flow
from alerts import inbox as alerts_inbox
from alerts.errors import AlertsError
from alerts.inbox import Filters
from alerts.models import Alert, Person
from listener import i18n
from listener.channels import KINDS
from listener.db import now
from listener.models import Brand, Source
from sentiment.labels import CATEGORIES, LANGUAGES
from web import words
from web.page import DIGITS, Answer, _, back, fragment, n_, show, tell, whole
from web.search import queue_counts
from web.security import context, requires, safe_next, viewer

UNDO_SECONDS = 600  # how long the undo of a bulk action is offered
MOST = 200  # of one bulk action

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")


@dataclass(frozen=True, slots=True)
class Tabs:
    """Which queue is shown, and how much waits in each."""

    here: str
    urgent: int = 0
    watch: int = 0
    questions: int = 0
    praise: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One alert with the names that stand beside it."""

    alert: Alert
    brand: str
    assignee: str


@blueprint.get("")
@requires("alerts.read")
def inbox() -> Answer:
    """Show a page of alerts."""
    return show("inbox/page.html", **_page(request.args.get("after")))


@blueprint.get("/changes")
@requires("alerts.read")
def changes() -> Answer:
    """Answer 204 while nothing changed since `since`, else the list as it is now."""
    since = whole(request.args.get("since", "0"), 10**DIGITS)
    if since is None:
        raise AlertsError(_("`since` is a number."))
    with context().db.read() as session:
        newest, changed = alerts_inbox.changes(session, viewer(), since)
    if not changed:
        return Response(status=204, headers={"X-Since": str(newest)})
    return fragment("inbox/page.html", "list", **_page(None))


@blueprint.post("/bulk")
@requires("alerts.work")
def bulk() -> Answer:
    """Do one thing to several alerts, all or none; a reply is never sent in bulk."""
    action = request.form.get("action", "")
    if action == "undo":
        return _undo(request.form.get("token", ""))
    ids = chosen_ids()
    db, me = context().db, viewer()
    if action == "assign":
        flow.assign(db, me, ids, me.id)
        offer_undo("assign", ids)
    elif action in {"resolve", "not_urgent"}:
        flow.close(db, me, ids, "resolved" if action == "resolve" else "not_urgent")
        offer_undo("close", ids)
    else:
        raise AlertsError(_("Unknown action."))
    return back("inbox.inbox")


def chosen_ids() -> list[int]:
    """Return the alerts that the form selects."""
    given = request.form.getlist("id")
    if not given:
        raise AlertsError(_("Select at least one alert."))
    ids = [number for one in given if (number := whole(one, 10**DIGITS)) is not None]
    if len(given) > MOST or len(ids) < len(given):
        raise AlertsError(_("Select at most %(n)s alerts.", n=MOST))
    return ids


def offer_undo(action: str, ids: Sequence[int], *, back_to: str | None = None) -> None:
    """Show what was done with how many, and a button that takes it back and returns to where it was done."""
    text = {
        "close": n_("%(n)s alert closed.", "%(n)s alerts closed.", len(ids)),
        "assign": n_("%(n)s alert is yours.", "%(n)s alerts are yours.", len(ids)),
    }[action]
    token = _signer().dumps([action, list(ids), viewer().id])
    target = url_for("inbox.bulk")
    there = back_to or request.form.get("next", "")
    flash({"text": text, "action": target, "token": token, "next": there}, "undo")  # type: ignore[arg-type]


def see(target: str) -> AnyResponse:
    """Go to a page of ours after a write."""
    return redirect(target, 303)


def nav_counts() -> int:
    """Return how many urgent alerts are open, for the navigation; asked once per request."""
    if "open_alerts" not in g:
        with context().db.read() as session:
            g.open_alerts = _count(session, "")
    found: int = g.open_alerts
    return found


def tabs_of(session: Session, here: str) -> Tabs:
    """Return the tabs with their counts."""
    me = viewer()
    questions, praise = queue_counts(session, me)
    return Tabs(here, _count(session, ""), _count(session, "watch"), questions, praise)


def _page(after: str | None) -> dict[str, Any]:
    filters = Filters.from_params(request.args)
    me = viewer()
    with context().db.read() as session:
        page = alerts_inbox.page(session, me, filters, after, counted=False)
        rows = _rows(
            session, sorted(page.rows, key=_urgent_first) if filters.sort == "urgency" else page.rows
        )
        rows_choices = choices(session)
        nothing = "" if page.rows else _why_empty(session, filters)
        tabs = tabs_of(session, filters.kind or "urgent")
    params = filters.params()
    return {
        "page": page,
        "rows": rows,
        "params": params,
        "active": [name for name in params if name not in {"kind", "text", "incident"}],
        "choices": rows_choices,
        "since": page.changed,
        "tabs": tabs,
        "nothing": nothing,
        "here": safe_next(request.full_path.rstrip("?"), url_for("inbox.inbox")) if request.endpoint == "inbox.inbox"
        else url_for("inbox.inbox", **cast("dict[str, Any]", params)),
    }  # fmt: skip


def _urgent_first(alert: Alert) -> tuple[int, float]:
    """Order a page, which holds the alerts of a level that were raised last: the newest post stands first.

    A backlog is heard in whatever order the platform gives it.
    """
    return -alert.level, -min(alert.posted_at, alert.collected_at).timestamp()


def choices(session: Session) -> dict[str, list[tuple[str, str]]]:
    """Return what the filters offer, in the reader's words."""
    me = viewer()
    brands = session.execute(select(Brand.id, Brand.name).order_by(Brand.name))
    people = session.execute(
        select(Person.id, Person.name, Person.email)
        .where(Person.active, Person.role != "manager")
        .order_by(Person.name)
    )
    return {
        "states": [("snoozed", _("Snoozed")), ("answered", words.state("answered")), ("closed", words.state("closed")),
                   ("all", _("All"))],
        "levels": [(str(number), words.level(number)) for number in (3, 2, 1)],
        "brands": [(name, name) for key, name in brands if me.sees(key)],
        "categories": [(name, words.category(name)) for name in CATEGORIES],
        "channels": [(kind, words.channel(kind)) for kind in sorted(KINDS)],
        "languages": [(tag, i18n.language_name(tag)) for tag in LANGUAGES],
        "assignees": [
            ("me", _("me")), ("none", _("nobody")), *((str(key), name or mail) for key, name, mail in people),
        ],
        "sorts": [("due", _("due first")), ("newest", _("newest first")), ("oldest", _("oldest first"))],
    }  # fmt: skip


def _why_empty(session: Session, filters: Filters) -> str:
    def none_of(statement: Select[Any]) -> bool:
        return session.scalar(statement.limit(1)) is None

    if none_of(select(Source.id).where(Source.state != "removed")) and none_of(select(Alert.id)):
        return "connected"
    narrowed = [name for name in filters.params() if name not in {"kind", "sort"}]
    return "matches" if narrowed else "done"


def _count(session: Session, kind: str) -> int:
    matching = alerts_inbox.matching(viewer(), Filters(kind=kind), now())
    capped = matching.with_only_columns(Alert.id).limit(alerts_inbox.CAP).subquery()
    return session.scalar(select(func.count()).select_from(capped)) or 0


def _rows(session: Session, alerts: Sequence[Alert]) -> list[Row]:
    brands = {row.id: row.name for row in session.execute(select(Brand.id, Brand.name))}
    wanted = {alert.assignee_id for alert in alerts if alert.assignee_id}
    people = {
        one.id: one.name or one.email for one in session.scalars(select(Person).where(Person.id.in_(wanted)))
    }
    return [
        Row(alert, brands.get(alert.brand_id, ""), people.get(alert.assignee_id or 0, "")) for alert in alerts
    ]


def _undo(token: str) -> Answer:
    try:
        action, ids, person_id = _signer().loads(token, max_age=UNDO_SECONDS)
    except BadSignature:
        tell(_("That is too long ago to undo."), "bad")
        return back("inbox.inbox")
    me = viewer()
    if person_id != me.id:
        raise AlertsError(_("Only who did it can undo it."))
    if action == "close":
        flow.reopen(context().db, me, ids)
    else:
        flow.assign(context().db, me, ids, None)
    tell(_("Undone."))
    return back("inbox.inbox")


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(reversed(context().secret_keys)), salt="bulk-undo")
