"""Takes note of our own posts that were written on the platform itself: they stop the clock and are shown as answers.

A post that one of our replies is already known by, or that proves that an unclear attempt did arrive, is not native.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alerts import events, flow
from alerts.models import Reply
from alerts.replying import states
from listener.db import Database, now
from listener.models import Mention, OwnPost

LIMIT = 200


def native_replies(db: Database, *, at: datetime | None = None) -> int:
    """Look at our posts that were not looked at yet; return how many were answers of a colleague."""
    moment = at or now()
    with (
        db.read() as session
    ):  # most of the time there is none, and a look must not take the turn to change alerts
        if session.scalar(select(OwnPost.id).where(OwnPost.seen.is_(False)).limit(1)) is None:
            return 0
    native = 0
    with db.work() as session:
        number = flow.changing(session)
        unseen = (
            select(OwnPost)
            .where(OwnPost.seen.is_(False))
            .order_by(OwnPost.posted_at, OwnPost.id)
            .limit(LIMIT)
        )
        posts = list(session.scalars(unseen.with_for_update()))
        for post in posts:
            native += _note(session, post, number, moment)
            post.seen = True
    return native


def _note(session: Session, post: OwnPost, number: int, at: datetime) -> bool:
    if _ours(session, post):
        return False
    mention = _answered_mention(session, post)
    if mention is None:
        return False
    if _proof(session, post, mention, at):
        return False
    alert = states.alert_of(session, mention.id)
    reply = Reply(
        mention_id=mention.id, alert_id=alert.id if alert is not None else None, account_id=post.account_id,
        state=states.SENT, origin="native", text=post.text, key=f"native:{post.id}", revision=mention.revision,
        external_id=post.external_id, url=post.url, approved_at=post.posted_at, sent_at=post.posted_at,
    )  # fmt: skip
    session.add(reply)
    session.flush()
    events.record(
        session, "reply.native", alert_id=reply.alert_id, mention_id=mention.id, reply_id=reply.id,
        once=f"reply.native:{post.id}", at=at,
    )  # fmt: skip
    # what we were about to say has been said: a colleague must look at it again
    session.execute(
        update(Reply)
        .where(Reply.mention_id == mention.id, Reply.state.in_((states.APPROVED, states.AWAITING)))
        .values(state=states.SUPERSEDED, error="a colleague answered on the platform itself")
        .execution_options(synchronize_session=False)
    )
    if alert is not None and alert.state == flow.OPEN:
        latest = session.get_one(Mention, alert.latest_mention_id)
        # whatever it hangs under, it answers all that was written before it
        covers = alert.latest_mention_id if post.posted_at >= latest.posted_at else mention.id
        states.answered(alert, post.posted_at, number, mention_id=covers)
    return True


def _ours(session: Session, post: OwnPost) -> bool:
    known = select(Reply.id).where(Reply.account_id == post.account_id, Reply.external_id == post.external_id)
    return session.scalar(known.limit(1)) is not None


def _answered_mention(session: Session, post: OwnPost) -> Mention | None:
    """Return the mention it answers: its parent, else the newest mention of the thread that is older than it."""
    same = select(Mention).where(Mention.channel == post.channel, Mention.instance == post.instance)
    if post.parent_id is not None:
        parent = session.scalar(same.where(Mention.external_id == post.parent_id))
        if parent is not None:
            return parent
    if post.thread_id is None:
        return None
    return session.scalar(
        same.where((Mention.thread_id == post.thread_id) | (Mention.external_id == post.thread_id))
        .where(Mention.posted_at <= post.posted_at)
        .order_by(Mention.posted_at.desc(), Mention.id.desc())
        .limit(1)
    )


def _proof(session: Session, post: OwnPost, mention: Mention, at: datetime) -> bool:
    """A reply of which nobody knows whether it can be seen, and here are its words under the same post: it can."""
    unclear = Reply.state.in_((states.SENDING, states.UNKNOWN))
    waits = Reply.pending & (Reply.state == states.SENT)
    pending = session.scalar(
        select(Reply)
        .where(Reply.mention_id == mention.id, unclear | waits)
        .order_by(Reply.id.desc())
        .limit(1)
    )
    if pending is None or _plain(pending.text) != _plain(post.text):
        return False
    if pending.pending:
        states.visible(session, pending, external_id=post.external_id, url=post.url, at=at)
        return True
    states.sent(session, pending, external_id=post.external_id, url=post.url, sent_at=post.posted_at, at=at)
    return True


def _plain(text: str) -> str:
    """Compare words only: platforms add the handle of whom we answer, and change white space."""
    return " ".join(word for word in text.split() if not word.startswith("@")).casefold()
