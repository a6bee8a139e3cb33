"""The conversation around one mention: what they wrote and what we answered, in order. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.models import Reply
from alerts.replying.states import DONE
from listener import posts
from listener.models import Mention
from web.page import _

NOT_SEEN = ("failed", "superseded", "removed")  # answers that the customer does not have


@dataclass(slots=True)
class Item:
    """One post of the conversation, theirs or ours."""

    author: str
    text: str
    at: datetime
    own: bool = False
    current: bool = False
    url: str | None = None
    title: str | None = None
    rating: float | None = None
    scale: int | None = None
    gone: bool = False
    edited: bool = False
    state: str | None = None
    pending: bool = False  # the platform has it and does not show it yet
    error: str | None = None
    by: str = ""


def of_mention(session: Session, mention: Mention, ours_is: str, name: Mapping[int, str]) -> list[Item]:
    """Return the thread around a mention, oldest first: their posts, our answers, and tries of ours that failed.

    `ours_is`: how our account is called in public; `name`: of each person of the staff, by id.
    """
    items: list[Item] = []
    if mention.parent_text:
        items.append(Item(author=_("earlier in the thread"), text=mention.parent_text, at=mention.posted_at))
    found = posts.thread(session, mention.id)
    ours = {one.external_id for one in found if one.own}
    theirs = [one.mention_id for one in found if one.mention_id is not None]
    wrote = select(Reply.external_id, Reply.person_id, Reply.pending).where(
        Reply.mention_id.in_(theirs), Reply.external_id.in_(ours)
    )
    known = {row.external_id: row for row in session.execute(wrote.order_by(Reply.id))}
    by = {external_id: name.get(row.person_id or 0, "") for external_id, row in known.items()}
    waits = {external_id for external_id, row in known.items() if row.pending}
    for one in found:
        current = one.mention_id == mention.id
        items.append(
            Item(
                author=ours_is if one.own else (one.author or _("somebody")),
                text=one.text, at=one.posted_at, own=one.own, current=current, url=safe_link(one.url), gone=one.gone,
                title=mention.title if current else None, rating=mention.rating if current else None,
                scale=mention.rating_scale if current else None, edited=one.edited and not one.gone,
                pending=one.own and one.external_id in waits, by=by.get(one.external_id, "") if one.own else "",
            )
        )  # fmt: skip
    answers = select(Reply).where(Reply.mention_id == mention.id, Reply.state.in_((*DONE, *NOT_SEEN)))
    items.extend(
        Item(
            author=ours_is, by=name.get(reply.person_id or 0, ""), text=reply.text, own=True,
            at=reply.sent_at or reply.created_at, url=safe_link(reply.url), state=reply.state,
            error=reply.error, pending=reply.pending,
        )
        for reply in session.scalars(answers.order_by(Reply.id))
        if reply.external_id is None or reply.external_id not in ours or reply.state in NOT_SEEN
    )  # fmt: skip
    return sorted(items, key=lambda item: (item.at, item.own))


def safe_link(url: str | None) -> str | None:
    """Return the address when a browser may be sent there: http and https only."""
    return url if url and urlsplit(url).scheme in {"http", "https"} else None
