"""Platforms where a post has one answer at most (reviews): a second one replaces the first, whoever wrote it.

Shared by the review channels: the answer is shown with the review, it is handed over as a post of our own (so that it
stops the clock), and nothing is replaced that the writer has not seen. No network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from listener.channels.base import Absent, Attempt, MayReply, Post, ReplyMode, Sent
from listener.errors import ChannelError
from listener.said import mark


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that a platform shows under a review. `pending`: accepted, not visible yet."""

    id: str
    text: str
    at: datetime | None = None
    pending: bool = False

    def sent(self, url: str | None) -> Sent:
        """Return it as the proof of a reply."""
        return Sent(self.id, url=url, at=self.at, pending=self.pending)


def may_reply(post: Post, title: str) -> MayReply:
    """Say that the API takes a reply, and what happens to the answer that is there."""
    if post.existing_reply:
        return MayReply(
            ReplyMode.API,
            mark(
                "%(title)s keeps one answer per review: a new one replaces the one that is there", title=title
            ),
        )
    return MayReply(ReplyMode.API)


def own_post(review: Post, answer: Answer) -> Post:
    """Return the answer as a post of our own in the review's thread."""
    return Post(
        id=answer.id,
        text=answer.text,
        posted_at=answer.at or review.edited_at or review.posted_at,
        instance=review.instance,
        kind="comment",
        url=review.url,
        thread_id=review.id,
        parent_id=review.id,
        own=True,
        visibility="pending" if answer.pending else "public",
    )


def both(review: Post, answer: Answer | None) -> Iterator[Post]:
    """Yield a review and, as a post of our own, the answer below it."""
    yield review
    if answer is not None:
        yield own_post(review, answer)


def already(to: Post, text: str, present: Answer | None, title: str) -> Sent | None:
    """Return the proof when exactly this text is there; None when the reply may be sent.

    Raises ChannelError (permanent) when sending would replace an answer that is not the one we know.
    """
    if present is None or not present.text:
        return None
    if same(present.text, text):
        return present.sent(to.url)
    if to.existing_reply and same(present.text, to.existing_reply):
        return None
    message = f"{title} shows an answer that is not known here yet; a new one would have replaced it unread"
    hint = "It is read in at the next poll: look at it, then send again to replace it."
    raise ChannelError(message, permanent=True, hint=hint)


def find(attempt: Attempt, present: Answer | None) -> Sent | Absent:
    """Say whether the answer that is there is the attempted one."""
    if present is not None and same(present.text, attempt.text):
        return present.sent(attempt.to.url)
    return Absent()


def same(one: str, other: str) -> bool:
    """Compare letters and digits only: platforms strip markup and change white space and quotes."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    letters = "".join(letter for letter in text.casefold() if letter.isalnum())
    return letters or "".join(text.split())
