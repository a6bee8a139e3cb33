"""From a text to an approved reply: drafts, approval, undo, answers given by hand. Nothing is sent here (`send`).

The platform is asked outside any transaction how the post can be answered; the row is written under the mention's lock,
and the database itself allows one reply under way per mention.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from alerts import guard, people
from alerts.errors import AlertsError, Blocked, Conflict, Forbidden, NotFound
from alerts.models import Alert, Reply
from alerts.people import Viewer
from alerts.replying import states
from alerts.replying.reach import Reach, reach
from alerts.settings import AlertSettings
from listener.channels.base import ReplyMode
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Hit, Mention

MAX_UNDO = 60  # seconds


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is known after asking the platform and before writing the row."""

    reach: Reach
    viewer: Viewer
    text: str
    undo_seconds: int
    origin: str
    again: bool
    at: datetime


def approve(  # noqa: PLR0913 - what a person decides when pressing Send
    db: Database,
    ground: Ground,
    *,
    mention_id: int,
    text: str,
    person_id: int,
    undo_seconds: int | None = None,
    origin: str = "panel",
    again: bool = False,
    settings: AlertSettings | None = None,
    at: datetime | None = None,
) -> int:
    """Approve a public reply and return its id: it is sent when the undo window is over, or waits for approval.

    `undo_seconds` None means the setting of the channel. `again` allows a second answer to the same post, as for
    "it is fixed now". Raises NotFound, Forbidden, Blocked (the guard, or no way to reply) and Conflict (another reply
    is under way, or this post has its answer).
    """
    moment = at or now()
    viewer = _writer(db, person_id, mention_id)
    way = reach(db, ground, mention_id)
    if way.may.mode is not ReplyMode.API:
        raise Blocked(
            way.may.reason or "this post cannot be answered from here; answer by hand and record it"
        )
    checked = guard.check(text, limits=way.limits, language=way.language, contact=way.contact)
    blocking = [problem.text for problem in checked.problems if problem.blocking]
    if blocking:
        raise Blocked(blocking[0], blocking)
    chosen = settings or AlertSettings()
    seconds = chosen.undo_seconds_by_channel.get(way.channel, chosen.undo_seconds)
    seconds = seconds if undo_seconds is None else undo_seconds
    plan = _Plan(way, viewer, text.strip(), max(0, min(seconds, MAX_UNDO)), origin, again, moment)
    try:
        with db.work() as session:
            return _write(session, mention_id, plan)
    except IntegrityError as error:  # the index of replies under way: somebody was faster by a moment
        with db.read() as session:
            raise _under_way(session, mention_id) or error from error


def draft(db: Database, *, mention_id: int, text: str, person_id: int, at: datetime | None = None) -> int:
    """Keep what a person has written so far (one draft a person and mention) and return the row's id."""
    viewer = _writer(db, person_id, mention_id)
    with db.work() as session:
        row = _draft_of(session, mention_id, viewer.id)
        if row is None:
            row = _new(session, mention_id, viewer.id, "panel", at or now())
        row.text = text
        session.flush()
        return row.id


def undo(db: Database, reply_id: int, person_id: int, *, at: datetime | None = None) -> str:
    """Take a reply back before it is sent: it is a draft again, its text is returned. Raises Conflict: too late."""
    with db.work() as session:
        reply = _mine(session, reply_id, person_id)
        _drop_draft(session, reply.mention_id, reply.person_id)
        taken = session.execute(
            update(Reply)
            .where(Reply.id == reply_id, Reply.state.in_((states.APPROVED, states.AWAITING)))
            .values(state=states.DRAFT, send_after=None, approved_at=None, approver_id=None)
            .returning(Reply.text)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if taken is None:
            session.refresh(reply)
            raise states.conflict(session, reply, "too late to take this reply back")
        session.refresh(reply)
        states.record(session, reply, "reply.undone", person_id=person_id, at=at)
        return taken


def approve_waiting(db: Database, reply_id: int, person_id: int, *, at: datetime | None = None) -> None:
    """Approve somebody else's reply. Raises Forbidden for one's own: two pairs of eyes are the point."""
    moment = at or now()
    with db.work() as session:
        reply = _decided(session, reply_id, person_id)
        if reply.person_id == person_id:
            raise Forbidden("nobody approves a reply of their own; ask a colleague who may approve")
        values = {
            "state": states.APPROVED,
            "approver_id": person_id,
            "approved_at": moment,
            "send_after": moment,
        }
        _decide(session, reply, values)
        states.record(session, reply, "reply.approved", person_id=person_id, at=moment)


def reject(
    db: Database, reply_id: int, person_id: int, *, reason: str = "", at: datetime | None = None
) -> None:
    """Refuse a waiting reply, with a reason for its writer."""
    with db.work() as session:
        reply = _decided(session, reply_id, person_id)
        _decide(session, reply, {"state": states.REJECTED, "approver_id": person_id, "error": reason or None})
        states.record(session, reply, "reply.rejected", person_id=person_id, at=at)


def by_hand(
    db: Database,
    mention_id: int,
    person_id: int,
    url: str | None = None,
    *,
    text: str = "",
    at: datetime | None = None,
) -> int:
    """Record an answer that was given on the platform itself, where we have no API, and return the row's id."""
    moment = at or now()
    viewer = _writer(db, person_id, mention_id)
    if url and not url.startswith(("https://", "http://")):
        raise AlertsError("the address of the answer must start with https://")
    with db.work() as session:
        mention = _locked(session, mention_id)
        _refuse_second(session, mention, again=False)
        reply = _draft_of(session, mention_id, viewer.id) or _new(
            session, mention_id, viewer.id, "panel", moment
        )
        reply.text = text.strip() or reply.text
        session.flush()
        states.sent(session, reply, external_id="", url=url or None, sent_at=moment, at=moment)
        reply.state, reply.external_id, reply.approved_at = states.BY_HAND, None, moment
        return reply.id


def _write(session: Session, mention_id: int, plan: _Plan) -> int:
    mention = _locked(session, mention_id)
    if mention.gone_at is not None:
        raise Blocked("the post was deleted by its author; there is nothing left to answer")
    _refuse_second(session, mention, again=plan.again)
    alert = states.alert_of(session, mention_id)
    waits = alert is not None and alert.needs_approval and not plan.viewer.may("reply.approve")
    reply = _draft_of(session, mention_id, plan.viewer.id)
    if reply is None:
        reply = _new(session, mention_id, plan.viewer.id, plan.origin, plan.at)
    if reply.text != plan.text:  # a platform that knows the key would answer with the post it knows
        reply.key = secrets.token_hex(16)
    reply.text, reply.origin, reply.revision = plan.text, plan.origin, mention.revision
    reply.alert_id = alert.id if alert is not None else None
    reply.account_id = plan.reach.account_id
    reply.error, reply.approver_id, reply.attempts = None, None, 0
    if waits:
        reply.state, reply.send_after, reply.approved_at = states.AWAITING, None, None
    else:
        reply.state, reply.approved_at = states.APPROVED, plan.at
        reply.send_after = plan.at + timedelta(seconds=plan.undo_seconds)
    session.flush()
    kind = "reply.awaits_approval" if waits else "reply.approved"
    states.record(session, reply, kind, person_id=plan.viewer.id, at=plan.at, undo=plan.undo_seconds)
    return reply.id


def _refuse_second(session: Session, mention: Mention, *, again: bool) -> None:
    pending = _under_way(session, mention.id)
    if pending is not None:
        raise pending
    if again:
        return
    done = session.scalar(
        select(Reply)
        .where(
            Reply.mention_id == mention.id, Reply.state.in_(states.DONE), Reply.revision >= mention.revision
        )
        .order_by(Reply.id.desc())
        .limit(1)
    )
    if done is not None:
        raise states.conflict(session, done, "this post has its answer already")


def _under_way(session: Session, mention_id: int) -> Conflict | None:
    row = session.scalar(
        select(Reply).where(Reply.mention_id == mention_id, Reply.state.in_(states.UNDER_WAY))
    )
    return (
        states.conflict(session, row, "another reply to this post is under way") if row is not None else None
    )


def _locked(session: Session, mention_id: int) -> Mention:
    """Lock the mention: two people who press Send at once are served one after the other."""
    mention = session.scalar(select(Mention).where(Mention.id == mention_id).with_for_update())
    if mention is None:
        raise NotFound(f"there is no mention {mention_id}")
    return mention


def _new(session: Session, mention_id: int, person_id: int, origin: str, at: datetime) -> Reply:
    mention = session.get_one(Mention, mention_id)
    alert = states.alert_of(session, mention_id)
    row = Reply(
        mention_id=mention_id, alert_id=alert.id if alert is not None else None, person_id=person_id, origin=origin,
        text="", key=secrets.token_hex(16), revision=mention.revision, created_at=at,
    )  # fmt: skip
    session.add(row)
    return row


def _draft_of(session: Session, mention_id: int, person_id: int | None) -> Reply | None:
    return session.scalar(
        select(Reply)
        .where(Reply.mention_id == mention_id, Reply.person_id == person_id, Reply.state == states.DRAFT)
        .order_by(Reply.id.desc())
        .limit(1)
        .with_for_update()
    )


def _drop_draft(session: Session, mention_id: int, person_id: int | None) -> None:
    """What was typed after Send gives way to what is taken back."""
    newer = _draft_of(session, mention_id, person_id)
    if newer is not None:
        newer.state = states.WITHDRAWN


def _writer(db: Database, person_id: int, mention_id: int) -> Viewer:
    """Return the person as one who may answer this mention. Raises Forbidden, or NotFound for a foreign brand."""
    with db.read() as session:
        viewer = people.viewer(session, person_id)
        viewer.require("reply.write")
        visible(session, viewer, mention_id)
        return viewer


def visible(session: Session, viewer: Viewer, mention_id: int) -> None:
    """Raise NotFound unless the viewer may see the mention: it was heard for one of their brands."""
    query = select(Mention.id).where(Mention.id == mention_id)
    if viewer.brand_ids is not None:
        heard = select(Hit.mention_id).where(Hit.mention_id == mention_id, Hit.brand_id.in_(viewer.brand_ids))
        alerted = select(Alert.id).where(
            Alert.latest_mention_id == mention_id, Alert.brand_id.in_(viewer.brand_ids)
        )
        query = query.where(heard.exists() | alerted.exists())
    if session.scalar(query) is None:
        raise NotFound(f"there is no mention {mention_id}")


def _mine(session: Session, reply_id: int, person_id: int) -> Reply:
    viewer = people.viewer(session, person_id)
    reply = session.get(Reply, reply_id)
    if reply is None:
        raise NotFound(f"there is no reply {reply_id}")
    visible(session, viewer, reply.mention_id)
    if reply.person_id != person_id and not viewer.may("reply.approve"):
        raise Forbidden("only its writer, a lead or an admin can take this reply back")
    return reply


def _decided(session: Session, reply_id: int, person_id: int) -> Reply:
    viewer = people.viewer(session, person_id)
    viewer.require("reply.approve")
    reply = session.get(Reply, reply_id)
    if reply is None:
        raise NotFound(f"there is no reply {reply_id}")
    visible(session, viewer, reply.mention_id)
    return reply


def _decide(session: Session, reply: Reply, values: dict[str, Any]) -> None:
    done = session.execute(
        update(Reply)
        .where(Reply.id == reply.id, Reply.state == states.AWAITING)
        .values(**values)
        .returning(Reply.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    session.refresh(reply)
    if done is None:
        raise states.conflict(session, reply, "this reply no longer waits for approval")
