"""Reviews of Apple's two interfaces → our posts. No network.

Feed: entries as the store's RSS gives them in JSON (a single entry is an object, several are a list; the first entry
of old feeds is the app itself). Connect: https://developer.apple.com/documentation/appstoreconnectapi/customerreview
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from listener.answers import Answer
from listener.channels.base import Post, PostAuthor
from listener.instants import instant

SCALE = 5
REVIEWER = "/reviews/id"


def entries(feed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the reviews of a feed; what has no rating is the app itself."""
    found = feed.get("entry") or []
    listed = [found] if isinstance(found, Mapping) else found
    return [one for one in listed if isinstance(one, Mapping) and "im:rating" in one and label(one, "id")]


def post_of_entry(
    entry: Mapping[str, Any], *, app_id: str, country: str, seen: datetime
) -> tuple[Post, datetime | None]:
    """Return the post of a feed entry and the moment it was last changed, None where the feed does not say.

    `seen` stands for a missing date: the review existed by then.
    """
    changed = instant(label(entry, "updated"))
    rating = label(entry, "im:rating")
    reviewer = reviewer_of(entry)
    post = Post(
        id=label(entry, "id"),
        text=label(entry, "content"),
        title=label(entry, "title") or None,
        posted_at=changed or seen,
        instance=app_id,
        kind="review",
        author=reviewer,
        url=store_page(app_id, country),
        rating=float(rating) if rating.isdigit() and 1 <= int(rating) <= SCALE else None,
        rating_scale=SCALE,
        thread_id=label(entry, "id"),
        addressed_to_us=True,
        engagement={"votes": int(votes)} if (votes := label(entry, "im:voteCount")).isdigit() else {},
        extra={
            "app_version": label(entry, "im:version") or None,
            "country": country,
            "product": app_id,
            "feed": True,
        },
        raw=dict(entry),
    )
    return post, changed


def reviewer_of(entry: Mapping[str, Any]) -> PostAuthor | None:
    """Return the author; the number in the address of their reviews is their id, when there is one."""
    author = entry.get("author") or {}
    name, uri = label(author, "name"), label(author, "uri")
    number = urlsplit(uri).path.rpartition(REVIEWER)[2] if REVIEWER in uri else ""
    if not name and not number:
        return None
    return PostAuthor(number or name, handle=name or None, name=name or None, url=uri or None)


def post_of_review(review: Mapping[str, Any], answer: Answer | None, *, app_id: str) -> Post:
    """Return the post of a Connect review, with the answer it carries."""
    said = review.get("attributes") or {}
    name = str(said.get("reviewerNickname") or "")
    territory = str(said.get("territory") or "")
    number = str(review["id"])
    return Post(
        id=number,
        text=str(said.get("body") or ""),
        title=str(said.get("title") or "") or None,
        posted_at=instant(said.get("createdDate")) or datetime.now(UTC),
        instance=app_id,
        kind="review",
        author=PostAuthor(name, handle=name, name=name) if name else None,
        url=store_page(app_id, "us"),
        rating=float(said["rating"]) if isinstance(said.get("rating"), int | float) else None,
        rating_scale=SCALE,
        thread_id=number,
        addressed_to_us=True,
        existing_reply=answer.text if answer else None,
        extra={"country": territory or None, "product": app_id},
        raw=dict(review),
    )


def answer_of(response: Mapping[str, Any] | None) -> Answer | None:
    """Return the answer of a customerReviewResponses resource."""
    said = (response or {}).get("attributes") or {}
    if response is None or not said.get("responseBody"):
        return None
    return Answer(
        id=str(response.get("id") or ""),
        text=str(said["responseBody"]),
        at=instant(said.get("lastModifiedDate")),
        pending=said.get("state") == "PENDING_PUBLISH",
    )


def label(holder: Mapping[str, Any], name: str) -> str:
    """Return holder[name]["label"], the way this feed writes every value; empty when it is not there."""
    value = holder.get(name)
    return str(value.get("label") or "") if isinstance(value, Mapping) else ""


def store_page(app_id: str, country: str) -> str:
    """Return the public page of an app's reviews; a single review has no address."""
    return f"https://apps.apple.com/{country}/app/id{app_id}?see-all=reviews"
