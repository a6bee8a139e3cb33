"""What the moves before sending share: who may, which rows, and the conflict with an answer that was first."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import people
from alerts.errors import Conflict, NotFound
from alerts.models import Alert, Reply
from alerts.people import Viewer
from alerts.replying import states
from listener.db import Database
from listener.models import Hit, Mention


def writer(db: Database, person_id: int, mention_id: int) -> Viewer:
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


def locked(session: Session, mention_id: int) -> Mention:
    """Lock the mention: two people who press Send at once are served one after the other."""
    mention = session.scalar(select(Mention).where(Mention.id == mention_id).with_for_update())
    if mention is None:
        raise NotFound(f"there is no mention {mention_id}")
    return mention


def new(session: Session, mention_id: int, person_id: int, origin: str, at: datetime) -> Reply:
    """Add an empty draft."""
    mention = session.get_one(Mention, mention_id)
    alert = states.alert_of(session, mention_id)
    row = Reply(
        mention_id=mention_id, alert_id=alert.id if alert is not None else None, person_id=person_id, origin=origin,
        text="", key=secrets.token_hex(16), revision=mention.revision, created_at=at,
    )  # fmt: skip
    session.add(row)
    return row


def draft_of(session: Session, mention_id: int, person_id: int | None) -> Reply | None:
    """Return the newest draft of a person for a mention, locked."""
    return session.scalar(
        select(Reply)
        .where(Reply.mention_id == mention_id, Reply.person_id == person_id, Reply.state == states.DRAFT)
        .order_by(Reply.id.desc())
        .limit(1)
        .with_for_update()
    )


def refuse_second(session: Session, mention: Mention, *, again: bool) -> None:
    """Raise Conflict when a reply is under way, or (unless `again`) this revision of the post has its answer."""
    pending = under_way(session, mention.id)
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


def under_way(session: Session, mention_id: int) -> Conflict | None:
    """Return the conflict with the reply that is under way, None when there is none."""
    row = session.scalar(
        select(Reply).where(Reply.mention_id == mention_id, Reply.state.in_(states.UNDER_WAY))
    )
    return (
        states.conflict(session, row, "another reply to this post is under way") if row is not None else None
    )
