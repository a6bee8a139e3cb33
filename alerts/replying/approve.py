"""From a text to an approved reply: drafts and approval. Nothing is sent here (`send`).

The platform is asked outside any transaction how the post can be answered; the row is written under the mention's lock,
and the database itself allows one reply under way per mention.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from alerts import guard
from alerts.errors import Blocked
from alerts.people import Viewer
from alerts.replying import rows, states
from alerts.replying.reach import Reach, reach
from alerts.settings import AlertSettings
from listener.channels.base import ReplyMode
from listener.db import Database, now
from listener.ground import Ground
from listener.said import said

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
    viewer = rows.writer(db, person_id, mention_id)
    way = reach(db, ground, mention_id)
    if way.may.mode is not ReplyMode.API:
        raise Blocked(
            said(way.may.reason or "")
            or "this post cannot be answered from here; answer by hand and record it"
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
            raise rows.under_way(session, mention_id) or error from error


def draft(db: Database, *, mention_id: int, text: str, person_id: int, at: datetime | None = None) -> int:
    """Keep what a person has written so far (one draft a person and mention) and return the row's id."""
    viewer = rows.writer(db, person_id, mention_id)
    with db.work() as session:
        row = rows.draft_of(session, mention_id, viewer.id)
        if row is None:
            row = rows.new(session, mention_id, viewer.id, "panel", at or now())
        row.text = text
        session.flush()
        return row.id


def _write(session: Session, mention_id: int, plan: _Plan) -> int:
    mention = rows.locked(session, mention_id)
    if mention.gone_at is not None:
        raise Blocked("the post was deleted by its author; there is nothing left to answer")
    rows.refuse_second(session, mention, again=plan.again)
    alert = states.alert_of(session, mention_id)
    waits = alert is not None and alert.needs_approval and not plan.viewer.may("reply.approve")
    reply = rows.draft_of(session, mention_id, plan.viewer.id)
    if reply is None:
        reply = rows.new(session, mention_id, plan.viewer.id, plan.origin, plan.at)
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
