"""How a mention can be answered: through which account, within which limits, and the channel that does it.

Reads rows in one short transaction and asks the channel after it; a channel may need the network to know its limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from alerts import guard
from alerts.errors import NotFound
from listener import posts, sources
from listener.channels.base import Channel, Limits, MayReply, Post, ReplyMode
from listener.db import Database
from listener.ground import Ground
from listener.models import Brand, Hit, Mention
from sentiment import score as scores


@dataclass(frozen=True, slots=True)
class Reach:
    """A post with the way to answer it. `speaker` is None where no account of ours heard it."""

    post: Post
    channel: str
    language: str | None
    brand: str
    contact: str | None
    account_id: int | None
    speaker: Channel[Any] | None
    may: MayReply
    limits: Limits


def check(db: Database, ground: Ground, *, mention_id: int, text: str) -> guard.Verdict:
    """Check a text as an answer to a mention, by the limits of its channel and the language of its author."""
    way = reach(db, ground, mention_id)
    verdict = guard.check(text, limits=way.limits, language=way.language, contact=way.contact)
    public = way.speaker.compose(way.post, text) if way.speaker is not None else text
    return replace(verdict, public=public)


def composed(speaker: Channel[Any], post: Post) -> Limits:
    """Return the limits of an answer to `post`, counting what the channel puts in front of it."""
    limits = speaker.limits()
    return replace(limits, measure=lambda text: limits.measure(speaker.compose(post, text)))


def reach(db: Database, ground: Ground, mention_id: int) -> Reach:
    """Return how a mention can be answered now. Raises NotFound; ChannelError if the platform has to be asked."""
    with db.read() as session:
        mention = session.get(Mention, mention_id)
        if mention is None:
            raise NotFound(f"there is no mention {mention_id}")
        post = posts.post_of(session, mention_id)
        found = posts.account_of(session, mention_id)
        brand = session.scalar(
            select(Brand)
            .join(Hit, Hit.brand_id == Brand.id)
            .where(Hit.mention_id == mention_id)
            .order_by(Brand.own.desc(), Hit.source_id)
            .limit(1)
        )
        score = scores.latest(session, [mention_id]).get(mention_id)
        language = score.language if score is not None else mention.language
        channel, url = mention.channel, mention.url
    speaker = None
    limits = Limits()
    if found is None:
        mode = ReplyMode.LINK if url else ReplyMode.NONE
        may = MayReply(
            mode, "no account of ours is connected to where this was written; connect one, or answer there"
        )
    else:
        speaker = sources.channel_for_account(db, ground, found[0])
        may, limits = speaker.may_reply(post), composed(speaker, post)
    return Reach(
        post=post, channel=channel, language=language, brand=brand.name if brand is not None else "",
        contact=brand.contact_url if brand is not None else None,
        account_id=found[0] if found is not None else None, speaker=speaker, may=may, limits=limits,
    )  # fmt: skip
