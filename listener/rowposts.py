"""A checked row of a file (`listener.rows`) as a post; used by `allears import` and by the channel `file`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from listener.channels.base import Post, PostAuthor

KINDS = frozenset({"post", "comment", "review", "message", "mail"})
USUAL_SCALE = 5  # stars, when a file gives a rating without its scale


def post_of_row(values: Mapping[str, Any], *, instance: str, at: datetime) -> Post:
    """Return the post of a row's values. `at` stands for a missing posted_at.

    A missing id is replaced by a hash of the row, so that reading the file again finds the same post. An unknown
    kind is taken for a review when there is a rating, for a post otherwise.
    """
    author = str(values.get("author") or "")
    kind = str(values.get("kind") or "").lower()
    rating = values.get("rating")
    if kind not in KINDS:
        kind = "review" if rating is not None else "post"
    return Post(
        id=str(values.get("id") or digest(values)),
        text=values["text"],
        posted_at=values.get("posted_at") or at,
        instance=instance,
        kind=kind,
        author=PostAuthor(
            id=author.lstrip("@").lower() or author, handle=author.lstrip("@") or author, name=author
        )
        if author
        else None,
        title=values.get("title"),
        url=values.get("url"),
        language=values.get("lang"),
        rating=rating,
        rating_scale=int(values.get("rating_scale") or USUAL_SCALE) if rating is not None else None,
        thread_id=values.get("thread_id"),
        parent_id=values.get("parent_id"),
    )


def digest(values: Mapping[str, Any]) -> str:
    """Return an id made of what a row says."""
    said = "\0".join(f"{name}={values[name]}" for name in sorted(values) if name != "id")
    return "sha256:" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
