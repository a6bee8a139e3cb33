"""A page of posts, newest first, below a place: what most platforms do behind tokens of their own.

A place is the number of the last post shown. `duplicate_pages` and `looping_cursor` happen here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import request

from listener.simulator.api import asking
from listener.simulator.model import Post

REPEATED = 3


def cut(
    posts: Sequence[Post],
    below: int | None,
    size: int,
    *,
    key: Callable[[Post], int] = lambda post: post.number,
) -> tuple[list[Post], int | None]:
    """Cut the page out of `posts` (oldest first, by `key`). Returns it newest first, and the place of the next page."""
    faults, path = asking.world().faults, request.full_path
    kept = [post for post in posts if below is None or key(post) < below]
    if below is not None and faults.take("duplicate_pages", path):
        kept += [post for post in posts if key(post) >= below][:REPEATED]
    page = kept[-size:][::-1]
    if len(kept) <= len(page):
        return page, None
    if faults.take("looping_cursor", path):
        return page, key(page[0]) + 1
    return page, key(page[-1])
