"""A page of posts, newest first, below a place: what most platforms do behind tokens of their own.

A place is the number of the last post shown. `duplicate_pages` and `looping_cursor` happen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from flask import request

from listener.simulator.api import asking
from listener.simulator.model import Post

REPEATED = 3


def most(size: int) -> int:
    """Return how many entries a page has for which `size` were asked."""
    limit = asking.world().page_most
    return size if limit is None else min(size, limit)


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
    faults, path, size = asking.world().faults, request.full_path, most(size)
    kept = [post for post in posts if below is None or post.number < below]
    if below is not None and faults.take("duplicate_pages", path):
        kept += [post for post in posts if post.number >= below][:REPEATED]
    page = kept[-size:][::-1]
    if len(kept) <= len(page):
        return page, None
    if loops and faults.take("looping_cursor", path):
        return page, page[0].number + 1
    return page, page[-1].number


Row = TypeVar("Row")


def numbered(rows: Sequence[Row], start: int, size: int) -> tuple[list[Row], int | None]:
    """Cut the page that begins at row `start` out of `rows` (in the order they are shown), with the next start.

    For platforms that count rows or pages, so that what is deleted meanwhile moves the rest up.
    """
    faults, path, size = asking.world().faults, request.full_path, most(size)
    if start and faults.take("looping_cursor", path):
        start = 0
    elif start and faults.take("duplicate_pages", path):
        start = max(0, start - REPEATED)
    page = list(rows[start : start + size])
    return page, start + size if start + size < len(rows) else None
