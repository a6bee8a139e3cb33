"""Gathers what the page of one alert or mention shows, in one read transaction.

Reads only; what is decided about a reply (guard, conflicts, limits) is asked of the alerts room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alerts import inbox
from alerts.errors import NotFound
from alerts.models import (
    Alert,
    CaseMention,
    Event,
    Feedback,
    Incident,
    Note,
    Person,
    PersonBrand,
    Reply,
    Rule,
    Suggestion,
)
from alerts.people import Viewer
from alerts.replying.states import DONE, UNDER_WAY
from listener import posts
from listener.db import now
from listener.models import Account, Author, Brand, Hit, Mention
from listener.posts import HistoryItem
from listener.said import said
from sentiment import score as scores
from sentiment.models import Score
from web import conversation, words
from web.conversation import NOT_SEEN
from web.models import Draft
from web.page import _, apart, exactly

HISTORY = 6
EVENTS = 60


@dataclass(slots=True)
class Said:
    """An event or note with the name of who did it."""

    at: datetime
    by: str
    kind: str = ""
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Case:
    """Everything the page shows."""

    mention: Mention
    author: Author | None
    author_name: str
    handle: str
    brand_id: int
    brand_name: str
    alert: Alert | None = None
    assignee: str = ""
    incident: Incident | None = None
    score: Score | None = None
    reasons: list[str] = field(default_factory=list)
    rule_name: str = ""
    suggestion: Suggestion | None = None
    thread: list[conversation.Item] = field(default_factory=list)
    history: list[HistoryItem] = field(default_factory=list)
    notes: list[Said] = field(default_factory=list)
    events: list[Said] = field(default_factory=list)
    feedback: list[str] = field(default_factory=list)
    colleagues: list[Person] = field(default_factory=list)
    account: str = ""
    draft: str = ""
    mode: str = "none"
    mode_reason: str = ""
    safe_url: str | None = None
    blocked: str = ""
    under_way: Reply | None = None
    reply_by: str = ""
    answered_by: str = ""
    pending: bool = False  # the answer is with the platform, which does not show it yet
    seconds_left: int = 0
    undo_seconds: int = 0
    must_wait: bool = False
    others: list[Any] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)


def of_alert(session: Session, viewer: Viewer, alert_id: int) -> Case:
    """Gather an alert's case. Raises NotFound, also for a brand the viewer may not see."""
    alert = inbox.get(session, viewer, alert_id)
    return _gather(session, viewer, alert.latest_mention_id, alert)


def of_mention(session: Session, viewer: Viewer, mention_id: int) -> Case:
    """Gather a mention's case, with its alert when it has one. Raises NotFound."""
    alert_id = session.scalar(select(CaseMention.alert_id).where(CaseMention.mention_id == mention_id))
    alert = session.get(Alert, alert_id) if alert_id else None
    if alert is not None and not viewer.sees(alert.brand_id):
        raise NotFound(_("There is no mention %(id)s.", id=mention_id))
    return _gather(session, viewer, mention_id, alert)


def _gather(session: Session, viewer: Viewer, mention_id: int, alert: Alert | None) -> Case:
    mention = session.get(Mention, mention_id)
    brand = _brand(session, viewer, mention_id, alert)
    if mention is None or brand is None:
        raise NotFound(_("There is no mention %(id)s.", id=mention_id))
    author = session.get(Author, mention.author_id) if mention.author_id else None
    staff = session.execute(select(Person.id, Person.name, Person.email))
    name = {row.id: row.name or row.email for row in staff}
    case = Case(
        mention=mention,
        author=author,
        author_name=_name(author),
        handle=_handle(author),
        brand_id=brand.id,
        brand_name=brand.name,
        alert=alert,
    )
    case.mode, case.mode_reason = mention.reply_mode, said(mention.reply_reason or "")
    case.safe_url = conversation.safe_link(mention.url)
    case.score = _score(session, mention_id, alert)
    case.reasons = list((case.score.reasons if case.score else None) or (alert.reasons if alert else []))
    found = session.scalar(select(Suggestion).where(Suggestion.mention_id == mention_id))
    case.suggestion = found if found is not None and found.revision == mention.revision else None
    account = posts.account_of(session, mention_id)
    if account is not None:
        case.account = _as_whom(session.get(Account, account[0]))
    draft = session.get(Draft, (viewer.id, mention_id))
    if mention.gone_at is None:
        case.draft = draft.text if draft is not None else _not_sent(session, viewer, mention_id)
    case.thread = conversation.of_mention(session, mention, case.account or case.brand_name, name)
    if mention.author_id:
        case.history = [
            one
            for one in posts.history(session, mention.author_id, HISTORY + 1)
            if one.mention_id != mention_id
        ]
    _replies(session, case, name)
    if alert is not None:
        _alert_parts(session, case, alert, name)
    corrections = (
        select(Feedback)
        .where(Feedback.mention_id == (case.score.mention_id if case.score else mention_id))
        .order_by(Feedback.id.desc())
        .limit(6)
    )
    case.feedback = [
        f"{_corrected(given)} · {name.get(given.person_id or 0, '')} · {exactly(given.at)}"
        for given in session.scalars(corrections)
    ]
    case.urls = _urls(case)
    return case


def _alert_parts(session: Session, case: Case, alert: Alert, name: dict[int, str]) -> None:
    case.assignee = name.get(alert.assignee_id or 0, "")
    case.incident = session.get(Incident, alert.incident_id) if alert.incident_id else None
    rule = session.get(Rule, alert.rule_id) if alert.rule_id else None
    case.rule_name = rule.name if rule else _("the default: urgency High or above")
    remarks = session.scalars(select(Note).where(Note.alert_id == alert.id).order_by(Note.id))
    case.notes = [Said(note.at, name.get(note.person_id, ""), text=note.text) for note in remarks]
    log = session.scalars(
        select(Event).where(Event.alert_id == alert.id).order_by(Event.id.desc()).limit(EVENTS)
    )
    case.events = [
        Said(one.at, name.get(one.person_id or 0, ""), kind=one.kind, data=one.data) for one in log
    ]
    of_brand = select(PersonBrand.person_id).where(PersonBrand.brand_id == alert.brand_id)
    may_see = or_(Person.id.not_in(select(PersonBrand.person_id)), Person.id.in_(of_brand))
    people = select(Person).where(Person.active, Person.role != "manager", may_see).order_by(Person.name)
    case.colleagues = list(session.scalars(people))


def _brand(session: Session, viewer: Viewer, mention_id: int, alert: Alert | None) -> Brand | None:
    if alert is not None:
        return session.get(Brand, alert.brand_id)
    heard = session.scalars(select(Hit.brand_id).where(Hit.mention_id == mention_id).order_by(Hit.brand_id))
    mine = [brand_id for brand_id in heard if viewer.sees(brand_id)]
    return session.get(Brand, mine[0]) if mine else None


def _name(author: Author | None) -> str:
    if author is None:
        return _("somebody")
    return author.name or author.handle or author.external_id


def _handle(author: Author | None) -> str:
    """Return the author's handle where it says more than the name."""
    if author is None or not author.handle or author.handle == author.name or not author.name:
        return ""
    return author.handle


def _score(session: Session, mention_id: int, alert: Alert | None) -> Score | None:
    """Return the score that explains what the page shows: of the post that is as urgent as the alert, and surest.

    A later "hello?" of the customer leaves the alert as urgent as it was; its own score explains nothing.
    """
    if alert is None:
        return scores.latest(session, [mention_id]).get(mention_id)
    of_case = select(CaseMention.mention_id).where(CaseMention.alert_id == alert.id)
    found = scores.latest(session, list(session.scalars(of_case)))
    alike = [one for one in found.values() if one.level == alert.level]
    return max(alike, key=lambda one: (one.alert_score, one.mention_id)) if alike else found.get(mention_id)


def _as_whom(account: Account | None) -> str:
    """Name the account that will answer, as the platform does; its key may hide a token and is nobody's name."""
    if account is None:
        return ""
    return account.handle or urlsplit(account.base_url).hostname or ""


def _replies(session: Session, case: Case, name: dict[int, str]) -> None:
    found = session.scalars(select(Reply).where(Reply.mention_id == case.mention.id).order_by(Reply.id)).all()
    for reply in found:
        by = name.get(reply.person_id or 0, _("somebody"))
        if reply.state in UNDER_WAY:
            case.under_way = reply
            case.reply_by = _("written by %(name)s", name=by)
            if reply.state == "approved" and reply.send_after is not None:
                case.seconds_left = max(0, round((reply.send_after - now()).total_seconds()))
        elif reply.state in DONE:
            at = exactly(reply.sent_at or reply.created_at)
            case.answered_by = (
                _(
                    "Answered on %(channel)s itself, %(time)s",
                    channel=words.channel(case.mention.channel),
                    time=at,
                )
                if reply.origin == "native"
                else _("Answered by %(name)s, %(time)s", name=apart(by), time=at)
            )
            case.pending = reply.pending


def _not_sent(session: Session, viewer: Viewer, mention_id: int) -> str:
    """Return the text of the viewer's reply that did not go out, when it is the last word: nobody writes it twice."""
    last = session.scalar(
        select(Reply)
        .where(Reply.mention_id == mention_id, Reply.state != "draft")
        .order_by(Reply.id.desc())
        .limit(1)
    )
    unsent = last is not None and last.person_id == viewer.id and last.state in NOT_SEEN
    return last.text if last is not None and unsent else ""


def _corrected(given: Feedback) -> str:
    if given.field == "urgency":
        return _("urgency: %(value)s", value=words.level(int(given.value)))
    if given.field == "sentiment":
        return _("sentiment: %(value)s", value=words.sentiment(given.value))
    return _("category: %(value)s", value=words.category(given.value))


def _urls(case: Case) -> dict[str, str]:
    mention_id = case.mention.id
    acts = ("check", "draft", "reply", "use", "by_hand", "answer")
    urls = {act: url_for(f"reply.{act}", mention_id=mention_id) for act in acts}
    if case.alert is not None:  # the same views, under the address of the alert
        urls |= {act: url_for(f"reply.{act}_alert", alert_id=case.alert.id) for act in acts}
    scored = case.score.mention_id if case.score else mention_id
    urls["correct"] = url_for("reply.correct", mention_id=scored)
    urls["back"] = (
        url_for("alert.alert", alert_id=case.alert.id)
        if case.alert
        else url_for("search.mention", mention_id=mention_id)
    )
    return urls
