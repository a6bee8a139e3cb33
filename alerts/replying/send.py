"""Calls the platform for replies that are due. A public reply may not repeat:

* `sending` with a lease and the start of the call is committed before the call;
* the channel is called once; its id of the post is the only proof of success;
* only an error that proves that nothing was posted lets the reply be tried again; everything else is `unknown`, and
  what became of it is found out by `resolve`, never by trying again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alerts import flow
from alerts.holding import held
from alerts.models import Reply
from alerts.replying import states
from alerts.replying.reach import Reach, reach
from alerts.settings import AlertSettings
from listener import log, metrics
from listener.channels.base import Limits, ReplyMode, Sent
from listener.db import Database, now
from listener.errors import ChannelError, HttpError, ListenerError
from listener.ground import Ground
from listener.models import Account, Mention
from listener.recheck.look import look

logger = log.get(__name__)
LEASE = timedelta(minutes=5)  # longer than any call: the client gives up after `network.deadline`
MAX_ATTEMPTS = 5
FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(minutes=30)
NOT_PROOF = frozenset({408, 409, 425})  # of the 4xx: the request may have been worked on all the same


def send(
    db: Database,
    ground: Ground,
    *,
    limit: int = 10,
    at: datetime | None = None,
    settings: AlertSettings | None = None,
) -> list[int]:
    """Send at most `limit` replies that are due; return the ids of those that now have an end or wait for one.

    Each is claimed right before its own call, so that a slow platform does not eat the leases of the next.
    """
    handled: list[int] = []
    while len(handled) < limit:
        reply_id = _claim(db, at or now())
        if reply_id is None:
            break
        handled.append(reply_id)
        _send_one(db, ground, reply_id, settings or AlertSettings(), at)
    return handled


def not_posted(error: ChannelError) -> bool:
    """Say whether the error proves that nothing was published: never reached, or refused with a 4xx.

    A time-out or a 5xx may come after the platform has accepted the post, so it proves nothing.
    """
    if not error.delivered:
        return True
    if isinstance(error, HttpError):
        return error.status is not None and 400 <= error.status < 500 and error.status not in NOT_PROOF  # noqa: PLR2004
    return error.permanent or error.attention


def _claim(db: Database, at: datetime) -> int | None:
    with db.work() as session:
        if held(session):
            return None  # a restored instance: the original may still be sending the same rows
        due = (
            select(Reply.id)
            .where(Reply.state == states.APPROVED, Reply.send_after <= at)
            .order_by(Reply.send_after, Reply.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .cte("due")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        return session.execute(
            update(Reply)
            .where(Reply.id == due.c.id)
            .values(
                state=states.SENDING,
                lease_until=at + LEASE,
                tried_at=at,
                attempts=Reply.attempts + 1,
                error=None,
            )
            .returning(Reply.id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()


def _still_ours(db: Database, reply_id: int, attempts: int, at: datetime) -> bool:
    """Begin the lease anew for the call; False where looking took so long that others think we have died."""
    with db.work() as session:
        reply = _held(session, reply_id)
        if reply.state != states.SENDING or reply.attempts != attempts:
            return False
        reply.lease_until = at + LEASE
        return True


def _send_one(
    db: Database, ground: Ground, reply_id: int, settings: AlertSettings, at: datetime | None
) -> None:
    with db.read() as session:
        reply = session.get_one(Reply, reply_id)
        mention_id, text, key, revision = reply.mention_id, reply.text, reply.key, reply.revision
        attempts, tried_at = reply.attempts, reply.tried_at
    try:
        known = reach(db, ground, mention_id)
        way = _fresh(db, ground, reply_id, known, mention_id, at or now())
    except ListenerError as error:  # before the call: nothing can have been posted
        _not_posted(db, reply_id, error, attempts, at or now())
        return
    with db.read() as session:
        mention = session.get_one(Mention, mention_id)
        gone, edited = mention.gone_at is not None, mention.revision != revision
    answered = way.post.existing_reply != known.post.existing_reply
    why = _obstacle(way, gone=gone, edited=edited, answered=answered)
    if why is not None:
        _end(db, reply_id, states.FAILED if not edited else states.SUPERSEDED, why, at or now())
        return
    speaker = way.speaker
    if speaker is None:  # pragma: no cover - without an account the mode is never "api"
        raise LookupError(reply_id)
    if not _still_ours(db, reply_id, attempts, at or now()):
        logger.warning("reply.lost", reply=reply_id)
        return
    try:
        answer = speaker.reply(way.post, text, key=key)
    except ChannelError as error:
        if not_posted(error):
            _not_posted(db, reply_id, error, attempts, at or now())
        else:
            _unknown(db, reply_id, str(error), way.limits, at or now())
    except Exception as error:
        logger.exception("reply.unclear", reply=reply_id, channel=way.channel)
        _unknown(db, reply_id, f"the call broke off ({type(error).__name__})", way.limits, at or now())
    else:
        if not answer.id:
            _unknown(db, reply_id, "the platform answered without an id", way.limits, at or now())
            return
        _sent(db, reply_id, answer, tried_at, settings, at or now())


def _fresh(db: Database, ground: Ground, reply_id: int, way: Reach, mention_id: int, at: datetime) -> Reach:
    """Read the post once more before it is answered; return the way to answer what it says now.

    A platform that does not let itself be asked now must not keep the answer back: it refuses what it will not take.
    """
    if way.speaker is None or way.may.mode is not ReplyMode.API:
        return way
    try:
        found = look(db, ground, way.speaker, mention_id, at=at)
    except ListenerError as error:
        logger.info("reply.unchecked", reply=reply_id, channel=way.channel, error=type(error).__name__)
        return way
    except Exception:  # a defect, but nothing was posted yet, and the answer does not need the look
        logger.exception("reply.unchecked", reply=reply_id, channel=way.channel)
        return way
    return way if found is None else reach(db, ground, mention_id)


def _obstacle(way: Reach, *, gone: bool, edited: bool, answered: bool) -> str | None:
    if gone:
        return "the post was deleted by its author before the reply went out"
    if edited:
        return "the customer changed the post after this reply was approved; read it again"
    if answered:
        return (
            "somebody has answered on the platform meanwhile, and this reply would have replaced that unread; "
            "look at it, then send again to replace it"
        )
    if way.may.mode is not ReplyMode.API:
        return way.may.reason or "this post can no longer be answered from here"
    return None


def _sent(
    db: Database,
    reply_id: int,
    answer: Sent,
    tried_at: datetime | None,
    settings: AlertSettings,
    at: datetime,
) -> None:
    with db.work() as session:
        # before the row: whoever notes that our post was heard takes them in this order, too
        flow.changing(session)
        reply = _held(session, reply_id)
        # the proof counts even if somebody called the attempt lost meanwhile: the post is there
        states.sent(
            session, reply, external_id=answer.id, url=answer.url, sent_at=answer.at or at, at=at,
            follow_up=timedelta(hours=settings.follow_up_hours), pending=answer.pending,
        )  # fmt: skip
    logger.info("reply.sent", reply=reply_id, seconds=(at - tried_at).total_seconds() if tried_at else None)


def _not_posted(db: Database, reply_id: int, error: ListenerError, attempts: int, at: datetime) -> None:
    permanent = isinstance(error, ChannelError) and (error.permanent or error.attention)
    hint = error.hint if isinstance(error, ChannelError) else ""
    why = f"{error} {hint}".strip()
    if permanent or attempts >= MAX_ATTEMPTS:
        if isinstance(error, ChannelError) and error.attention:
            _needs_attention(db, reply_id, why)
        _end(db, reply_id, states.FAILED, why, at)
        return
    wait = min(FIRST_RETRY * 2 ** (attempts - 1), LAST_RETRY)
    if isinstance(error, ChannelError) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    with db.work() as session:
        reply = _held(session, reply_id)
        if reply.state != states.SENDING:
            return
        reply.state, reply.send_after, reply.lease_until, reply.error = states.APPROVED, at + wait, None, why
        states.record(session, reply, "reply.postponed", at=at, seconds=int(wait.total_seconds()))


def _unknown(db: Database, reply_id: int, why: str, limits: Limits, at: datetime) -> None:
    with db.work() as session:
        reply = _held(session, reply_id)
        if reply.state != states.SENDING:
            return
        reply.state, reply.error, reply.lease_until = states.UNKNOWN, why, None
        reply.check_after = at + limits.read_lag
        states.record(session, reply, "reply.unknown", at=at)
    logger.warning("reply.unknown", reply=reply_id)


def _end(db: Database, reply_id: int, state: str, why: str, at: datetime) -> None:
    with db.work() as session:
        reply = _held(session, reply_id)
        if reply.state != states.SENDING:
            return
        reply.state, reply.error, reply.lease_until = state, why, None
        channel = session.scalar(select(Mention.channel).where(Mention.id == reply.mention_id))
        states.record(session, reply, f"reply.{state}", at=at)
    metrics.REPLIES.labels(channel=channel or "", state=state).inc()
    logger.warning("reply.ended", reply=reply_id, state=state)


def _needs_attention(db: Database, reply_id: int, why: str) -> None:
    with db.work() as session:
        account_id = session.scalar(select(Reply.account_id).where(Reply.id == reply_id))
        session.execute(
            update(Account).where(Account.id == account_id).values(health="attention", health_note=why)
        )


def _held(session: Session, reply_id: int) -> Reply:
    return session.scalars(select(Reply).where(Reply.id == reply_id).with_for_update()).one()
