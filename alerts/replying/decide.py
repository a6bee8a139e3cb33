"""Between Send and the platform: taken back, approved or rejected by a colleague, or answered by hand instead."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from alerts import flow, people
from alerts.errors import AlertsError, Forbidden, NotFound
from alerts.models import Reply
from alerts.replying import rows, states
from listener.db import Database, now


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
    viewer = rows.writer(db, person_id, mention_id)
    if url and not url.startswith(("https://", "http://")):
        raise AlertsError("the address of the answer must start with https://")
    with db.work() as session:
        flow.changing(session)  # before the rows, as everywhere
        mention = rows.locked(session, mention_id)
        rows.refuse_second(session, mention, again=False)
        reply = rows.draft_of(session, mention_id, viewer.id) or rows.new(
            session, mention_id, viewer.id, "panel", moment
        )
        reply.text = text.strip() or reply.text
        session.flush()
        states.sent(session, reply, external_id="", url=url or None, sent_at=moment, at=moment)
        reply.state, reply.external_id, reply.approved_at = states.BY_HAND, None, moment
        return reply.id


def _drop_draft(session: Session, mention_id: int, person_id: int | None) -> None:
    """What was typed after Send gives way to what is taken back."""
    newer = rows.draft_of(session, mention_id, person_id)
    if newer is not None:
        newer.state = states.WITHDRAWN


def _mine(session: Session, reply_id: int, person_id: int) -> Reply:
    viewer = people.viewer(session, person_id)
    reply = session.get(Reply, reply_id)
    if reply is None:
        raise NotFound(f"there is no reply {reply_id}")
    rows.visible(session, viewer, reply.mention_id)
    if reply.person_id != person_id and not viewer.may("reply.approve"):
        raise Forbidden("only its writer, a lead or an admin can take this reply back")
    return reply


def _decided(session: Session, reply_id: int, person_id: int) -> Reply:
    viewer = people.viewer(session, person_id)
    viewer.require("reply.approve")
    reply = session.get(Reply, reply_id)
    if reply is None:
        raise NotFound(f"there is no reply {reply_id}")
    rows.visible(session, viewer, reply.mention_id)
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
