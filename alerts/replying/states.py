"""The states of a reply and the moves that several files make. Always part of the caller's transaction.

draft → awaiting_approval → approved(send_after) → sending → sent → visible | removed; side exits: withdrawn,
superseded, rejected, failed, unknown, by_hand.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import events, flow
from alerts.errors import Conflict
from alerts.models import Alert, CaseMention, Person, Reply
from listener import metrics
from listener.models import Mention

DRAFT, AWAITING, APPROVED, SENDING = "draft", "awaiting_approval", "approved", "sending"
SENT, VISIBLE, REMOVED = "sent", "visible", "removed"
WITHDRAWN, SUPERSEDED, REJECTED, FAILED, UNKNOWN, BY_HAND = (
    "withdrawn", "superseded", "rejected", "failed", "unknown", "by_hand",
)  # fmt: skip
UNDER_WAY = (AWAITING, APPROVED, SENDING, UNKNOWN)
DONE = (SENT, VISIBLE, BY_HAND)  # the customer has this answer
FOLLOW_UP = timedelta(hours=48)
FIRST_LOOK = timedelta(seconds=15)  # after a platform took an answer without showing it


def alert_of(session: Session, mention_id: int) -> Alert | None:
    """Return the alert a mention belongs to, None when it raised none."""
    return session.scalar(
        select(Alert)
        .join(CaseMention, CaseMention.alert_id == Alert.id)
        .where(CaseMention.mention_id == mention_id)
    )


def sent(
    session: Session, reply: Reply, *, external_id: str, url: str | None, sent_at: datetime, at: datetime,
    follow_up: timedelta = FOLLOW_UP, pending: bool = False,
) -> None:  # fmt: skip
    """The reply exists on the platform: keep its id, stop the clock of the alert, plan to follow up.

    `pending`: the platform has it and does not show it yet; `pending.look` finds out what becomes of it.
    """
    number = flow.changing(session)
    reply.state, reply.external_id, reply.url, reply.sent_at = SENT, external_id, url, sent_at
    reply.error, reply.lease_until = None, None
    reply.pending, reply.check_after = pending, at + FIRST_LOOK if pending else None
    channel = session.scalar(select(Mention.channel).where(Mention.id == reply.mention_id))
    metrics.REPLIES.labels(channel=channel or "", state=SENT).inc()
    record(session, reply, "reply.sent", at=at, once=f"reply.sent:{reply.id}")
    alert = (
        session.get(Alert, reply.alert_id)
        if reply.alert_id is not None
        else alert_of(session, reply.mention_id)
    )
    if alert is not None:
        answered(alert, sent_at, number, follow_up=follow_up, mention_id=reply.mention_id)


def visible(session: Session, reply: Reply, *, external_id: str, url: str | None, at: datetime) -> None:
    """A pending reply can be seen; a moderated one may have got another id by that."""
    reply.state, reply.pending, reply.check_after = VISIBLE, False, None
    reply.external_id, reply.url = external_id or reply.external_id, url or reply.url
    record(session, reply, "reply.visible", at=at)


def answered(
    alert: Alert,
    when: datetime,
    number: int,
    *,
    follow_up: timedelta | None = None,
    mention_id: int | None = None,
) -> None:
    """An answer is public: the first one stops the clock; a newer post of the customer keeps the alert open."""
    if alert.first_response_at is None:
        alert.first_response_at = when
    alert.changed = number
    if alert.state == flow.OPEN and mention_id in {None, alert.latest_mention_id}:
        alert.state, alert.answered_at, alert.waiting = flow.ANSWERED, when, True
        alert.snoozed_until = None
        alert.follow_up_at = when + follow_up if follow_up is not None else None


def record(
    session: Session, reply: Reply, kind: str, *, person_id: int | None = None, at: datetime | None = None,
    once: str | None = None, **data: Any,
) -> None:  # fmt: skip
    """Write the event of a reply, with its state and never its text."""
    events.record(
        session, kind, person_id=person_id if person_id is not None else reply.person_id, alert_id=reply.alert_id,
        mention_id=reply.mention_id, reply_id=reply.id, data={"state": reply.state, **data}, once=once, at=at,
    )  # fmt: skip


def conflict(session: Session, reply: Reply, message: str) -> Conflict:
    """Return the error that shows the reply that was first: who, in which state, its words and its address."""
    person = session.get(Person, reply.person_id) if reply.person_id is not None else None
    who = (
        (person.name or person.email)
        if person is not None
        else ("a colleague" if reply.origin == "native" else "")
    )
    when = reply.sent_at or reply.approved_at or reply.created_at
    what = {
        "reply_id": reply.id, "state": reply.state, "origin": reply.origin, "text": reply.text,
        "at": when.isoformat(), "url": reply.url, "external_id": reply.external_id,
    }  # fmt: skip
    return Conflict(f"{message} ({who or 'somebody'}, {reply.state.replace('_', ' ')})", who=who, what=what)
