"""Finds out whether an answer that the platform took can be seen: moderated reviews, messages on their way.

"Sent" is not "visible". Until somebody can see it the reply is `pending`; then it is `visible`, or the platform says
that it will not be, and it has failed: the customer has no answer, so the alert is open again and its clock runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from alerts import flow
from alerts.models import Alert, Reply
from alerts.replying import states
from alerts.replying.reach import reach
from listener import log, metrics
from listener.channels.base import Absent, Attempt, Refused, Sent, Unsure
from listener.db import Database, now
from listener.errors import ListenerError
from listener.ground import Ground
from listener.models import Mention

logger = log.get(__name__)
PENDING = text("reply.pending")  # written as the partial index has it, see listener.stages
LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
GIVEN_UP = timedelta(days=8)  # then nobody asks any more, and the page still says that it was not seen
CLOCK_SKEW = timedelta(minutes=2)  # between the platform's clock and ours
LIMIT = 20


def look(db: Database, ground: Ground, *, limit: int = LIMIT, at: datetime | None = None) -> list[int]:
    """Look for at most `limit` pending replies whose time has come; return the ids of those that are clear now."""
    moment = at or now()
    clear = []
    for reply_id in _claim(db, moment, limit):
        found = _find(db, ground, reply_id)
        if _conclude(db, reply_id, found, at or now()):
            clear.append(reply_id)
    return clear


def _claim(db: Database, at: datetime, limit: int) -> list[int]:
    due = select(Reply.id).where(PENDING, Reply.check_after <= at, Reply.state == states.SENT)
    due = due.where(or_(Reply.lease_until.is_(None), Reply.lease_until < at))
    with db.read() as session:  # every two seconds: mostly there is none
        if session.scalar(due.limit(1)) is None:
            return []
    with db.work() as session:
        ids = list(
            session.scalars(due.order_by(Reply.check_after).limit(limit).with_for_update(skip_locked=True))
        )
        session.execute(update(Reply).where(Reply.id.in_(ids)).values(lease_until=at + LEASE * len(ids)))
        return ids


def _find(db: Database, ground: Ground, reply_id: int) -> Sent | Absent | Refused | Unsure:
    with db.read() as session:
        reply = session.get_one(Reply, reply_id)
        mention_id, words, key = reply.mention_id, reply.text, reply.key
        since = (reply.tried_at or reply.created_at) - CLOCK_SKEW
    try:
        way = reach(db, ground, mention_id)
        if way.speaker is None:
            return Unsure("the account it was sent from is no longer connected")
        return way.speaker.find(Attempt(way.post, words, key, since))
    except ListenerError as error:
        return Unsure(str(error))


def _conclude(db: Database, reply_id: int, found: Sent | Absent | Refused | Unsure, at: datetime) -> bool:
    with db.work() as session:
        number = flow.changing(session)
        reply = session.scalars(select(Reply).where(Reply.id == reply_id).with_for_update()).one()
        if not reply.pending or reply.state != states.SENT:
            return False
        reply.lease_until = None
        if isinstance(found, Sent) and not found.pending:
            states.visible(session, reply, external_id=found.id, url=found.url, at=at)
            _touch(session, reply, number)
        elif isinstance(found, Refused):
            reply.state, reply.pending, reply.check_after = states.FAILED, False, None
            reply.error = found.reason
            states.record(session, reply, "reply.failed", at=at)
            _unanswered(session, reply, number, at)
        else:
            since = at - (reply.sent_at or reply.created_at)
            reply.check_after = at + min(max(states.FIRST_LOOK, since), LONGEST_WAIT)
            if since > GIVEN_UP:
                reply.check_after = None
        state, channel = (
            reply.state,
            session.scalar(select(Mention.channel).where(Mention.id == reply.mention_id)),
        )
    if state != states.SENT:
        metrics.REPLIES.labels(channel=channel or "", state=state).inc()
        logger.info("reply.looked", reply=reply_id, state=state)
    return state != states.SENT


def _unanswered(session: Session, reply: Reply, number: int, at: datetime) -> None:
    """The customer has no answer after all: take back what the reply did to its alert."""
    alert = _touch(session, reply, number)
    if alert is None:
        return
    others = select(Reply.id).where(
        Reply.alert_id == alert.id, Reply.state.in_(states.DONE), Reply.id != reply.id
    )
    if session.scalar(others.limit(1)) is None:
        alert.first_response_at = None
    if alert.state == flow.ANSWERED:
        data = {**flow.reopened(alert), "by": "undelivered"}
        states.record(session, reply, "alert.reopened", at=at, **data)


def _touch(session: Session, reply: Reply, number: int) -> Alert | None:
    alert = session.get(Alert, reply.alert_id) if reply.alert_id is not None else None
    if alert is not None:
        alert.changed = number
    return alert
