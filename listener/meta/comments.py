"""Walking the comments below our posts: which posts are worth asking for, and the state of each.

A post tells how many comments it has; a poll asks only for those whose number changed, and for each of the others once
an hour, because one comment may have come and another gone. No network here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from listener import paging, walk
from listener.channels.base import Cursor, Page
from listener.errors import ChannelError

Start = Callable[[walk.State | None], Iterator[walk.Step]]
AGAIN = timedelta(hours=1)
_PREFIX = "comments:"


@dataclass(frozen=True, slots=True)
class Subject:
    """A post of ours with its number of comments (None when the platform does not say) and its words."""

    id: str
    count: int | None
    text: str | None = None


def together(
    others: Mapping[str, Start],
    subjects: Sequence[Subject],
    start: Callable[[Subject], Start],
    cursor: Cursor | None,
    *,
    max_pages: int,
) -> Iterator[Page]:
    """Yield the pages of the comments below each subject that may have new ones, then of the other streams.

    The others come last: a token that may not read one of them must not cost the comments.
    """
    states: dict[str, walk.State] = dict((cursor or {}).get("streams") or {})
    streams: dict[str, Start] = {}
    kept: dict[str, walk.State] = {}
    for subject in subjects:
        name = _PREFIX + subject.id
        state = states.get(name)
        if state is not None and _is_settled(state, subject):
            kept[name] = state
        else:
            streams[name] = _noting(start(subject), subject)
    streams |= others
    failed: dict[str, ChannelError] = {}
    for page in walk.together(paging.apart(streams, failed, one_server=True), states, max_pages=max_pages):
        if page.cursor is not None:
            page.cursor["streams"] = {**kept, **page.cursor["streams"]}
        yield replace(page, cursor=page.cursor)
    paging.tell(failed, streams)  # a post that is gone, say: the others were read all the same


def _is_settled(state: walk.State, subject: Subject) -> bool:
    if "next" in state or "walking" in state or subject.count is None or state.get("count") != subject.count:
        return False
    try:
        return datetime.now(UTC) - datetime.fromisoformat(str(state.get("at"))) < AGAIN
    except ValueError:
        return False


def _noting(start: Start, subject: Subject) -> Start:
    """Write the number of comments into the state once the walk has arrived."""

    def steps(state: walk.State | None) -> Iterator[walk.Step]:
        for step in start(state):
            if step.done:
                note = {"count": subject.count, "at": datetime.now(UTC).isoformat(timespec="seconds")}
                yield replace(step, state={**step.state, **note})
            else:
                yield step

    return steps
