"""Google Play's reviews, as the publisher API and as the store's own page write them → our posts. No network.

API: https://developers.google.com/android-publisher/api-ref/rest/v3/reviews . The store's lists have no names, only
places. A person has one review per app, so the review's id also stands for its author: names are not unique.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from listener.answers import Answer
from listener.channels.base import Post, PostAuthor

SCALE = 5
# places in the store's list of one review
_ID, _AUTHOR, _STARS, _TEXT, _AT, _THUMBS, _ANSWER, _VERSION = 0, 1, 2, 4, 5, 6, 7, 10


def post_of(review: Mapping[str, Any], package: str) -> tuple[Post, Answer | None]:
    """Return the post of an API review and the developer's answer."""
    number = str(review["reviewId"])
    comments = review.get("comments") or []
    said: Mapping[str, Any] = next((one["userComment"] for one in comments if one.get("userComment")), {})
    reply: Mapping[str, Any] = next(
        (one["developerComment"] for one in comments if one.get("developerComment")), {}
    )
    answer = None
    if reply.get("text"):
        answer = Answer(answer_id(number), str(reply["text"]), moment(reply.get("lastModified")))
    title, tab, text = str(said.get("originalText") or said.get("text") or "").strip().partition("\t")
    post = Post(
        **_common(number, package, answer, stars=said.get("starRating"), likes=said.get("thumbsUpCount")),
        text=text.strip() if tab else title,
        title=title.strip() if tab else None,
        author=_author(number, review.get("authorName")),
        posted_at=moment(said.get("lastModified")) or datetime.now(UTC),
        language=str(said.get("reviewerLanguage") or "").replace("_", "-").partition("-")[0] or None,
        extra=_extra(
            package,
            app_version=said.get("appVersionName"),
            app_version_code=said.get("appVersionCode"),
            device=(said.get("deviceMetadata") or {}).get("productName") or said.get("device"),
            android=said.get("androidOsVersion"),
        ),
        raw=dict(review),
    )
    return post, answer


def post_of_row(row: Sequence[Any], package: str, language: str) -> tuple[Post, Answer | None]:
    """Return the post of a row of the store's page and the developer's answer."""
    number = str(row[_ID])
    reply = _place(row, _ANSWER)
    answer = None
    if isinstance(reply, list) and len(reply) > 1 and reply[1]:
        answer = Answer(answer_id(number), str(reply[1]), _seconds(_place(_place(reply, 2), 0)))
    post = Post(
        **_common(number, package, answer, stars=_place(row, _STARS), likes=_place(row, _THUMBS)),
        text=str(_place(row, _TEXT) or ""),
        author=_author(number, _place(_place(row, _AUTHOR), 0)),
        posted_at=_seconds(_place(_place(row, _AT), 0)) or datetime.now(UTC),
        language=language,
        extra=_extra(package, app_version=_place(row, _VERSION)),
        raw={"row": list(row)},
    )
    return post, answer


def answer_id(review_id: str) -> str:
    """Return the id of the one answer a review can have; the platform gives it none."""
    return f"{review_id}/reply"


def moment(stamp: Any) -> datetime | None:
    """Return the instant of {"seconds": "1486482936", "nanos": 525000000}."""
    return _seconds(stamp.get("seconds")) if isinstance(stamp, Mapping) else None


def _common(number: str, package: str, answer: Answer | None, *, stars: Any, likes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "instance": package,
        "kind": "review",
        "url": f"https://play.google.com/store/apps/details?id={quote(package)}&reviewId={quote(number, safe='')}",
        "rating": float(stars) if isinstance(stars, int) and 1 <= stars <= SCALE else None,
        "rating_scale": SCALE,
        "thread_id": number,
        "addressed_to_us": True,
        "engagement": {"likes": likes} if isinstance(likes, int) else {},
        "existing_reply": answer.text if answer else None,
    }


def _author(number: str, name: Any) -> PostAuthor:
    return PostAuthor(number, handle=str(name) if name else None, name=str(name) if name else None)


def _extra(package: str, **more: Any) -> dict[str, Any]:
    return {"product": package, **{name: value for name, value in more.items() if value is not None}}


def _place(row: Any, index: int) -> Any:
    return row[index] if isinstance(row, list) and len(row) > index else None


def _seconds(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
