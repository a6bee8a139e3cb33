"""One post, right now: asked for again before somebody answers it in public."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from listener import budget, posts
from listener.channels.base import Channel, Gone, Post
from listener.db import Database
from listener.ground import Ground
from listener.models import Mention, Source
from listener.recheck import periods, schedule
from listener.recheck.keep import keep


def look(
    db: Database, ground: Ground, channel: Channel[Any], mention_id: int, *, at: datetime
) -> Post | Gone | None:
    """Ask for one stored post and store what came back; None = unchanged, or nobody can tell. Raises ChannelError.

    `channel` is the one that will answer. Where reads are paid for and the day's are used up, nothing is asked.
    """
    with db.read() as session:
        mention = session.get_one(Mention, mention_id)
        billed = schedule.billed(mention.checked_at, mention.collected_at, at=at)
        post = posts.post_of(session, mention_id)
        heard = posts.account_of(session, mention_id)
        source = session.get(Source, heard[1]) if heard is not None else None
        left = budget.of(session, source, at=at).left if source is not None else None
    if heard is None or (left == 0 and billed) or not periods.askable(channel.kind, post.id):
        return None
    found = list(channel.refresh([post]))
    if any(isinstance(item, Gone) for item in found):
        channel.check()  # raises when it is our access that is gone: then the words stay
    with db.work() as session:
        keep(
            session, channel.kind, found, account_id=heard[0], may_reply=channel.may_reply, at=at,
            keep_payload=timedelta(days=ground.settings.keep_payload_days) or None,
        )  # fmt: skip
        session.execute(update(Mention).where(Mention.id == mention_id).values(checked_at=at))
        if left is not None and billed:
            budget.book(session, heard[1], 1, purpose="recheck", at=at)
    return next((item for item in found if (item.instance, item.id) == (post.instance, post.id)), None)
