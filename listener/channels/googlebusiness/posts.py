"""Google Business Profile's reviews → our posts. No network.

https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews . A person has one review per
place, so the review's id also stands for its author: only a display name is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from listener.answers import Answer
from listener.channels.base import Post, PostAuthor
from listener.instants import instant

SCALE = 5
STARS = {"ONE": 1.0, "TWO": 2.0, "THREE": 3.0, "FOUR": 4.0, "FIVE": 5.0}
MANAGER = "https://business.google.com/reviews"
TRANSLATED, ORIGINAL = "(Translated by Google)", "(Original)"
PENDING, REJECTED = "PENDING", "REJECTED"


def post_of(review: Mapping[str, Any], location: str) -> tuple[Post, Answer | None]:
    """Return the post of a review and the owner's answer, which is none when Google rejected it."""
    number = str(review.get("reviewId") or str(review.get("name") or "").rpartition("/")[2])
    reviewer = review.get("reviewer") or {}
    name = str(reviewer.get("displayName") or "")
    created, changed = instant(review.get("createTime")), instant(review.get("updateTime"))
    reply = review.get("reviewReply") or {}
    answer = answer_of(reply, number)
    rejected = str(reply.get("policyViolation") or "the policy") if _state(reply) == REJECTED else None
    post = Post(
        id=number,
        text=original(str(review.get("comment") or "")),
        posted_at=created or changed or datetime.now(UTC),
        instance=location,
        kind="review",
        author=PostAuthor(number, handle=name or None, name=name or None),
        url=str(review.get("reviewReplyUrl") or MANAGER),
        rating=STARS.get(str(review.get("starRating"))),
        rating_scale=SCALE,
        thread_id=number,
        addressed_to_us=True,
        edited_at=changed if changed and created and changed > created else None,
        media=tuple(
            {"type": "image", "url": item.get("thumbnailUrl")}
            for item in review.get("reviewMediaItems") or []
            if item.get("thumbnailUrl")
        ),
        existing_reply=answer.text if answer else None,
        extra={"product": location, **({"answer_rejected": rejected} if rejected else {})},
        raw=dict(review),
    )
    return post, answer


def answer_of(reply: Mapping[str, Any], review_id: str) -> Answer | None:
    """Return the owner's answer, None where there is none that is or will be public."""
    if not reply.get("comment") or _state(reply) == REJECTED:
        return None
    at = instant(reply.get("updateTime"))
    return Answer(f"{review_id}/reply", str(reply["comment"]), at, pending=_state(reply) == PENDING)


def original(text: str) -> str:
    """Return what the person wrote: Google puts its translation before or behind it, in one text."""
    if ORIGINAL in text and text.lstrip().startswith(TRANSLATED):
        return text.partition(ORIGINAL)[2].strip()
    if TRANSLATED in text and not text.lstrip().startswith(TRANSLATED):
        return text.partition(TRANSLATED)[0].strip()
    return text


def _state(reply: Mapping[str, Any]) -> str:
    return str(reply.get("reviewReplyState") or reply.get("state") or "")
