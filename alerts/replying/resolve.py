"""Finds out what became of replies whose call had no clear end, by reading the thread; never by sending again first.

An expired lease on `sending` is such a reply too. Inside the platform's read lag nothing is concluded.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from alerts import flow, people
from alerts.errors import AlertsError, NotFound
from alerts.holding import held
from alerts.models import Reply
from alerts.replying import states
from alerts.replying.reach import reach
from alerts.replying.rows import visible
from alerts.replying.send import MAX_ATTEMPTS
from alerts.settings import AlertSettings
from listener import log
from listener.channels.base import Absent, Attempt, Refused, Sent, Unsure
from listener.db import Database, now
from listener.errors import ListenerError
from listener.ground import Ground

logger = log.get(__name__)
LEASE = timedelta(minutes=2)
CLOCK_SKEW = timedelta(minutes=2)  # between the platform's clock and ours
LAG_OF_A_CRASH = timedelta(seconds=60)  # before the channel can be asked for its own read lag
FIRST_CHECK = timedelta(seconds=15)
LAST_CHECK = timedelta(minutes=30)


def resolve(
    db: Database,
    ground: Ground,
    *,
    limit: int = 20,
    at: datetime | None = None,
    settings: AlertSettings | None = None,
) -> list[int]:
    """Check at most `limit` unclear replies; return the ids of those that are clear now."""
    with db.read() as session:
        if held(session):
            return []  # what is absent would be sent again
    expired(db, at=at)
    clear = []
    for _ in range(limit):
        reply_id = _claim(db, at or now())
        if reply_id is None:
            break
        if _resolve_one(db, ground, reply_id, settings or AlertSettings(), at):
            clear.append(reply_id)
    return clear


def expired(db: Database, *, at: datetime | None = None) -> list[int]:
    """Call replies `unknown` whose sender did not come back in time; return their ids."""
    moment = at or now()
    with db.work() as session:
        lost = session.scalars(
            select(Reply)
            .where(
                Reply.state == states.SENDING, or_(Reply.lease_until.is_(None), Reply.lease_until < moment)
            )
            .with_for_update(skip_locked=True)
        ).all()
        for reply in lost:
            reply.state, reply.lease_until = states.UNKNOWN, None
            reply.error = "the process that was sending it ended"
            reply.check_after = moment + LAG_OF_A_CRASH
            states.record(session, reply, "reply.unknown", at=moment, lease="expired")
        return [reply.id for reply in lost]


def settle(
    db: Database,
    reply_id: int,
    person_id: int,
    *,
    posted: bool,
    url: str | None = None,
    at: datetime | None = None,
) -> None:
    """A person looked at the platform: the unclear reply is there, or it is not and becomes a draft again."""
    moment = at or now()
    with db.work() as session:
        viewer = people.viewer(session, person_id)
        viewer.require("reply.write")
        flow.changing(session)
        reply = session.scalar(select(Reply).where(Reply.id == reply_id).with_for_update())
        if reply is None:
            raise NotFound(f"there is no reply {reply_id}")
        visible(session, viewer, reply.mention_id)
        if reply.state != states.UNKNOWN:
            raise states.conflict(session, reply, "this reply is not unclear")
        if url and not url.startswith(("https://", "http://")):
            raise AlertsError("the address of the answer must start with https://")
        if posted:
            states.sent(session, reply, external_id="", url=url, sent_at=reply.tried_at or moment, at=moment)
            reply.state, reply.external_id = states.BY_HAND, None
        else:
            reply.state, reply.check_after, reply.error, reply.attempts = states.DRAFT, None, None, 0
        states.record(session, reply, "reply.settled", person_id=person_id, at=moment, posted=posted)


def _claim(db: Database, at: datetime) -> int | None:
    with db.work() as session:
        due = (
            select(Reply.id)
            .where(Reply.state == states.UNKNOWN, or_(Reply.check_after.is_(None), Reply.check_after <= at))
            .where(or_(Reply.lease_until.is_(None), Reply.lease_until < at))
            .order_by(Reply.check_after, Reply.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .cte("due")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        return session.execute(
            update(Reply)
            .where(Reply.id == due.c.id)
            .values(lease_until=at + LEASE)
            .returning(Reply.id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()


def _resolve_one(
    db: Database, ground: Ground, reply_id: int, settings: AlertSettings, at: datetime | None
) -> bool:
    with db.read() as session:
        reply = session.get_one(Reply, reply_id)
        mention_id, text, key = reply.mention_id, reply.text, reply.key
        tried_at = reply.tried_at or reply.created_at
    found: Sent | Absent | Refused | Unsure
    try:
        way = reach(db, ground, mention_id)
        if way.speaker is None:
            found = Unsure(
                "the account it was sent from is no longer connected; look on the platform and say"
            )
        elif (at or now()) < tried_at + way.limits.read_lag:
            found = Unsure("checking: the platform shows new replies with a delay")
        else:
            found = way.speaker.find(Attempt(way.post, text, key, tried_at - CLOCK_SKEW))
    except ListenerError as error:
        found = Unsure(str(error))
    return _conclude(db, reply_id, found, settings, at or now())


def _conclude(
    db: Database,
    reply_id: int,
    found: Sent | Absent | Refused | Unsure,
    settings: AlertSettings,
    at: datetime,
) -> bool:
    with db.work() as session:
        flow.changing(session)  # before the row, as everywhere
        reply = session.scalars(select(Reply).where(Reply.id == reply_id).with_for_update()).one()
        if reply.state != states.UNKNOWN:
            return False  # a late answer, or a colleague, was faster
        reply.lease_until = None
        if isinstance(found, Sent):
            states.sent(
                session, reply, external_id=found.id, url=found.url, sent_at=found.at or reply.tried_at or at, at=at,
                follow_up=timedelta(hours=settings.follow_up_hours), pending=found.pending,
            )  # fmt: skip
        elif isinstance(found, Refused):
            reply.state, reply.error, reply.check_after = states.FAILED, found.reason, None
            states.record(session, reply, "reply.failed", at=at)
        elif isinstance(found, Absent):
            given_up = reply.attempts >= MAX_ATTEMPTS
            reply.state = states.FAILED if given_up else states.APPROVED
            reply.send_after, reply.check_after = (None if given_up else at), None
            if given_up:
                reply.error = f"not there after {reply.attempts} attempts: {reply.error or ''}".rstrip(": ")
            states.record(session, reply, "reply.absent", at=at)
        else:
            since = at - (reply.tried_at or at)
            wait = min(max(FIRST_CHECK, since), LAST_CHECK)  # as long again as it has been unclear
            reply.check_after, reply.error = at + wait, found.reason
        state = reply.state
    logger.info("reply.resolved", reply=reply_id, state=state)
    return state != states.UNKNOWN
