"""Trustpilot's service reviews, from its API and its webhooks → our posts. No network.

https://developers.trustpilot.com/service-reviews-api . The customer's mail address, which private reviews carry, is
left out: nothing here needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from listener.answers import Answer
from listener.channels.base import Post, PostAuthor
from listener.instants import instant

SCALE = 5
PRIVATE = frozenset({"referralEmail", "email"})


def post_of(review: Mapping[str, Any], unit: str) -> tuple[Post, Answer | None]:
    """Return the post of a review and the company's answer. `unit`: the business unit it is about."""
    number = str(review["id"])
    consumer = review.get("consumer") or {}
    name = str(consumer.get("displayName") or consumer.get("name") or "")
    created, changed = instant(review.get("createdAt")), instant(review.get("updatedAt"))
    answer = answer_of(review)
    stars = review.get("stars")
    post = Post(
        id=number,
        text=str(review.get("text") or ""),
        title=str(review.get("title") or "") or None,
        posted_at=created or datetime.now(UTC),
        instance=unit,
        kind="review",
        author=PostAuthor(str(consumer.get("id") or name), handle=name or None, name=name or None)
        if consumer.get("id") or name
        else None,
        url=f"https://www.trustpilot.com/reviews/{quote(number, safe='')}",
        language=str(review.get("language") or "") or None,
        rating=float(stars) if isinstance(stars, int) and 1 <= stars <= SCALE else None,
        rating_scale=SCALE,
        thread_id=number,
        edited_at=changed if changed and created and changed > created else None,
        addressed_to_us=True,
        engagement={"likes": likes} if isinstance(likes := review.get("numberOfLikes"), int) else {},
        existing_reply=answer.text if answer else None,
        extra={
            name: value
            for name, value in (
                ("product", unit),
                ("reference", review.get("referenceId")),
                ("location", review.get("locationId")),
                ("verified", review.get("isVerified")),
            )
            if value is not None
        },
        raw={name: value for name, value in review.items() if name not in PRIVATE},
    )
    return post, answer


def answer_of(review: Mapping[str, Any]) -> Answer | None:
    """Return the company's answer, None when there is none."""
    said = review.get("companyReply")
    if not isinstance(said, Mapping) or not said.get("text"):
        return None
    at = instant(said.get("updatedAt")) or instant(said.get("createdAt"))
    return Answer(answer_id(str(review["id"])), str(said["text"]), at)


def answer_id(review_id: str) -> str:
    """Return the id of the one answer a review can have; the platform gives it none."""
    return f"{review_id}/reply"
