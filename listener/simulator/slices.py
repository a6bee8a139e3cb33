"""A page of posts, newest first, below a place: what most platforms do behind tokens of their own.

A place is the number of the last post shown. `duplicate_pages` and `looping_cursor` happen here.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from listener.simulator.api import asking
from listener.simulator.model import Post

REPEATED = 3


def cut(
    posts: Sequence[Post],
    below: int | None,
    size: int,
    *,
    loops: bool = True,
) -> tuple[list[Post], int | None]:
    """Cut the page out of `posts` (oldest first). Returns it newest first, and the place of the next page.

    loops: False where the platform's places cannot be told from here, so that it makes its circles itself.
    """
    faults, path = asking.world().faults, request.full_path
    kept = [post for post in posts if below is None or post.number < below]
    if below is not None and faults.take("duplicate_pages", path):
        kept += [post for post in posts if post.number >= below][:REPEATED]
    page = kept[-size:][::-1]
    if len(kept) <= len(page):
        return page, None
    if loops and faults.take("looping_cursor", path):
        return page, page[0].number + 1
    return page, page[-1].number
