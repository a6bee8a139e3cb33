"""Looking at what a platform has for queries that are only tried: what it costs, and the default look of one page.

Nothing is remembered: the channel is a copy, and its cursor is thrown away.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from listener.channels.base import Channel, Listen, Page, Post


@dataclass(frozen=True, slots=True)
class Price:
    """What a platform bills for one post read, in `currency`, as known on a day."""

    per_read: Decimal
    currency: str
    known_on: date


@dataclass(frozen=True, slots=True)
class Look:
    """What a platform shows of queries that are only tried. `since`: from when on.

    count: posts it says it has, None = it does not say. posts: some of them. whole: `posts` are all it has since then.
    reads: what the look was billed for.
    """

    since: datetime
    count: int | None = None
    posts: Sequence[Post] = ()
    whole: bool = False
    reads: int = 0


def first_page(channel: Channel[Any], what: Listen) -> Look:
    """Read one page of a search, without what the channel reads `beside` the queries. Raises ChannelError."""
    trying = copy(channel)
    trying.options = channel.options.model_copy(update=dict.fromkeys(channel.beside, False))
    trying.known = dict(channel.known)
    walk = cast("Generator[Page]", trying.listen(replace(what, max_pages=1), None))
    with closing(walk) as pages:
        page = next(pages, None)
    if page is None:
        return Look(what.since, whole=True)
    return Look(what.since, posts=page.posts, whole=not page.truncated, reads=page.reads)
