"""All mentions: search, the queues of questions and praise, and the page of one mention without an alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from alerts.digest import heard
from alerts.models import Alert, CaseMention, Reply
from alerts.people import Viewer
from alerts.replying.states import DONE, UNDER_WAY
from listener import i18n
from listener.models import Author, Brand, Hit, Mention
from sentiment.models import Score
from web import case as cases
from web.page import DIGITS, Answer, show, whole
from web.security import context, requires, viewer

SIZE = 50
CAP = 100  # counts stop here
FIELDS = ("text", "brand", "channel", "language", "sentiment", "category", "since", "until")

blueprint = Blueprint("search", __name__)


@dataclass(frozen=True, slots=True)
class Found:
    """One row of the list."""

    mention: Mention
    author: str
    brand: str
    score: Score | None
    alert_id: int | None
    answered: bool


@blueprint.get("/mentions")
@requires("alerts.read")
def mentions() -> Answer:
    """Search all mentions, or show a queue of them."""
    from web.inbox import choices, tabs_of  # noqa: PLC0415 - the inbox counts our queues

    me = viewer()
    queue = request.args.get("queue", "")
    params = {name: value for name in FIELDS if (value := request.args.get(name, "").strip())}
    after = request.args.get("after", "")
    with context().db.read() as session:
        rows, more = _rows(session, me, queue, params, whole(after, 10**DIGITS))
        tabs = tabs_of(session, queue or "all")
        offered = choices(session)
    following = min(row.mention.id for row in rows) if more else None
    if queue:
        params["queue"] = queue
    return show(
        "search/page.html",
        rows=rows,
        params=params,
        queue=queue,
        tabs=tabs,
        choices=offered,
        next_cursor=following,
    )


@blueprint.get("/search")
@requires("alerts.read")
def find() -> Answer:
    """Lead to the list of mentions: the address that people type, and that search engines of browsers use."""
    return redirect(
        url_for("search.mentions", text=request.args.get("q") or request.args.get("text") or None)
    )


@blueprint.get("/mentions/<int:mention_id>")
@requires("alerts.read")
def mention(mention_id: int) -> Answer:
    """Show one mention; it can be answered whether it raised an alert or not."""
    from web.alert import show_case  # noqa: PLC0415 - one page for both

    with context().db.read() as session:
        case = cases.of_mention(session, viewer(), mention_id)
    return show_case(case)


def queue_counts(session: Session, me: Viewer) -> tuple[int, int]:
    """Return how many questions and how much praise wait for an answer, counted to CAP."""
    counts = []
    for queue in ("questions", "praise"):
        query = _visible(select(Mention.id), me).where(*_queue(queue)).limit(CAP)
        counts.append(session.scalar(select(func.count()).select_from(query.subquery())) or 0)
    return counts[0], counts[1]


def _rows(
    session: Session, me: Viewer, queue: str, params: dict[str, str], after: int | None
) -> tuple[list[Found], bool]:
    query = _visible(select(Mention.id), me).order_by(Mention.id.desc()).limit(SIZE + 1)
    if queue in {"questions", "praise"}:
        query = query.where(*_queue(queue))
    if after is not None:
        query = query.where(Mention.id < after)
    if params.get("text"):
        pattern = _like(params["text"])
        by_author = Mention.author_id.in_(
            select(Author.id).where(
                or_(Author.handle.ilike(pattern, escape="\\"), Author.name.ilike(pattern, escape="\\"))
            )
        )
        query = query.where(or_(Mention.text.ilike(pattern, escape="\\"), by_author))
    if params.get("channel"):
        query = query.where(Mention.channel == params["channel"])
    if params.get("brand"):
        of_brand = (
            select(Hit.mention_id).join(Brand, Brand.id == Hit.brand_id).where(Brand.name == params["brand"])
        )
        query = query.where(Mention.id.in_(of_brand))
    query = query.where(*_between(params, me))
    for name, column in (
        ("language", Score.language),
        ("sentiment", Score.sentiment),
        ("category", Score.category),
    ):
        if params.get(name):
            query = query.where(_scored(column == params[name]))
    ids = list(session.scalars(query))
    return _filled(session, ids[:SIZE]), len(ids) > SIZE


def _between(params: dict[str, str], me: Viewer) -> list[ColumnElement[bool]]:
    """The local days `since`..`until`, both included, on which a mention counts (as in the digest)."""
    where = i18n.zone_of(me.timezone)
    conditions: list[ColumnElement[bool]] = []
    for name, days in (("since", 0), ("until", 1)):
        try:
            day = date.fromisoformat(params.get(name, "")) + timedelta(days=days)
            at = datetime.combine(day, time(), where).astimezone(UTC)
        except (ValueError, OverflowError):
            params.pop(name, None)  # a day that is none is not a filter
            continue
        conditions.append(heard.told_at() >= at if name == "since" else heard.told_at() < at)
        if name == "since":
            conditions.append(Mention.collected_at >= at)  # follows from the other, and has an index
    return conditions


def _filled(session: Session, ids: list[int]) -> list[Found]:
    from sentiment.score import latest  # noqa: PLC0415 - keeps the engine's neighbours out of start-up

    scores = latest(session, ids)
    found = session.execute(
        select(Mention, Author).outerjoin(Author, Author.id == Mention.author_id).where(Mention.id.in_(ids))
    )
    brands: dict[int, str] = {}
    of_brands = (
        select(Hit.mention_id, Brand.name)
        .join(Brand, Brand.id == Hit.brand_id)
        .where(Hit.mention_id.in_(ids))
    )
    for mention_id, name in session.execute(of_brands):
        brands.setdefault(mention_id, name)
    raised = select(CaseMention.mention_id, CaseMention.alert_id).where(CaseMention.mention_id.in_(ids))
    alerts = {row.mention_id: row.alert_id for row in session.execute(raised)}
    done = set(
        session.scalars(select(Reply.mention_id).where(Reply.mention_id.in_(ids), Reply.state.in_(DONE)))
    )
    rows = [
        Found(
            mention=one, brand=brands.get(one.id, ""), score=scores.get(one.id), alert_id=alerts.get(one.id),
            author=(author.name or author.handle or "") if author else "", answered=one.id in done,
        )
        for one, author in found
    ]  # fmt: skip
    # a page holds what was heard last; on it the newest post stands first, and one from the future when it was heard
    return sorted(
        rows,
        key=lambda row: (min(row.mention.posted_at, row.mention.collected_at), row.mention.id),
        reverse=True,
    )


def _visible(query: Select[Any], me: Viewer) -> Select[Any]:
    query = query.where(Mention.gone_at.is_(None))
    if me.brand_ids is None:
        return query
    return query.where(exists().where(Hit.mention_id == Mention.id, Hit.brand_id.in_(me.brand_ids)))


def _queue(queue: str) -> list[ColumnElement[bool]]:
    """A queue is what expects an answer (or praises us), raised no alert, and has no answer yet."""
    wanted = (
        and_(Score.sentiment == "positive", Score.category == "praise")
        if queue == "praise"
        else and_(Score.needs_reply, Score.category != "praise")
    )
    answered = exists().where(Reply.mention_id == Mention.id, Reply.state.in_((*DONE, *UNDER_WAY)))
    alert = exists().where(CaseMention.mention_id == Mention.id, Alert.id == CaseMention.alert_id)
    return [_scored(wanted), ~answered, ~alert, Mention.history.is_(False)]


def _scored(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Score.mention_id == Mention.id, Score.revision == Mention.revision, condition)


def _like(text: str) -> str:
    safe = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{safe}%"
