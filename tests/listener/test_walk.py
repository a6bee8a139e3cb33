"""Whatever the platform does and whenever a run dies: every post is handed over, and the walk ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from listener import walk
from listener.channels.base import Post

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)


def at(key: int) -> datetime:
    return EPOCH + timedelta(seconds=key)


def item(key: int) -> walk.Item:
    return walk.Item(key, at(key), Post(str(key), f"post {key}", at(key)))


class Platform:
    """A newest-first list; `after`, when set, is called after each page and may publish more."""

    def __init__(self, keys: Sequence[int], page: int = 10) -> None:
        self.keys = sorted(keys, reverse=True)
        self.page = page
        self.reads = 0

    def publish(self, *keys: int) -> None:
        self.keys = sorted({*self.keys, *keys}, reverse=True)

    def newest_first(self, upper: int | None, skip: int) -> list[walk.Item]:
        self.reads += 1
        below = [key for key in self.keys if upper is None or key < upper]
        return [item(key) for key in below[skip : skip + self.page]]

    def upwards(self, lower: int) -> list[walk.Item]:
        self.reads += 1
        above = sorted(key for key in self.keys if key > lower)[: self.page]
        return [item(key) for key in reversed(above)]


def run(steps: Iterator[walk.Step], state: walk.State | None, most: int, got: set[int]) -> walk.State | None:
    """Store at most so many pages, as a run that is then killed."""
    for number, step in enumerate(steps, start=1):
        got |= {int(post.id) for post in step.posts}
        state = step.state
        if number >= most:
            break
    return state


@given(
    keys=st.sets(st.integers(1, 10_000), max_size=120),
    later=st.lists(st.sets(st.integers(1, 3000), max_size=40), max_size=4),
    kills=st.lists(st.integers(1, 4), max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_a_walk_down_loses_nothing_however_often_it_is_killed(
    keys: set[int], later: list[set[int]], kills: list[int]
) -> None:
    platform, got, state = Platform(sorted(keys)), set[int](), None
    top = max(keys, default=0)
    for number, most in enumerate([*kills, 10_000, 10_000]):
        if number < len(later):
            fresh = [top + key for key in sorted(later[number])]
            platform.publish(*fresh)
            top = max([top, *fresh])
        state = run(walk.down(state, platform.newest_first, since=EPOCH), state, most, got)
    assert got == set(platform.keys)


@given(
    keys=st.sets(st.integers(1, 10_000), max_size=120),
    later=st.lists(st.sets(st.integers(1, 3000), max_size=40), max_size=4),
    kills=st.lists(st.integers(1, 4), max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_a_walk_up_loses_nothing_however_often_it_is_killed(
    keys: set[int], later: list[set[int]], kills: list[int]
) -> None:
    platform, got, state = Platform(sorted(keys)), set[int](), None
    top = max(keys, default=0)
    for number, most in enumerate([*kills, 10_000, 10_000]):
        if number < len(later):
            fresh = [top + key for key in sorted(later[number])]
            platform.publish(*fresh)
            top = max([top, *fresh])
        state = run(walk.up(state, platform.upwards, start=0), state, most, got)
    assert got == set(platform.keys)


def test_the_floor_moves_only_when_the_walk_arrives() -> None:
    platform = Platform(range(1, 61))
    steps = walk.down({"floor": 5}, platform.newest_first, since=EPOCH)
    first = next(steps)
    assert first.state == {"floor": 5, "walking": 51, "high": 60}
    assert list(steps)[-1].state == {"floor": 60}


def test_a_resumed_walk_is_called_backfilled() -> None:
    platform = Platform(range(1, 61))
    first = next(walk.down({"floor": 5}, platform.newest_first, since=EPOCH))
    assert not first.backfilled
    assert next(walk.down(first.state, platform.newest_first, since=EPOCH)).backfilled


def test_an_item_that_arrives_late_below_the_floor_is_heard_within_the_window() -> None:
    platform, got = Platform([10, 20, 30]), set[int]()
    state = run(walk.down(None, platform.newest_first, since=EPOCH, window=15), None, 99, got)
    platform.publish(25)
    run(walk.down(state, platform.newest_first, since=EPOCH, window=15), state, 99, got)
    assert got == {10, 20, 25, 30}


def test_an_empty_page_in_the_middle_does_not_end_the_walk() -> None:
    platform, got = Platform(range(1, 61)), set[int]()

    def sometimes_empty(upper: int | None, skip: int) -> list[walk.Item]:
        found = platform.newest_first(upper, skip)
        return [] if platform.reads == 3 else found

    run(walk.down(None, sometimes_empty, since=EPOCH), None, 999, got)
    assert got == set(range(1, 61))


def test_shuffled_pages_are_all_read() -> None:
    platform, got = Platform(range(1, 61)), set[int]()

    def shuffled(upper: int | None, skip: int) -> list[walk.Item]:
        found = platform.newest_first(upper, skip)
        return found[1::2] + found[::2]

    run(walk.down({"floor": 0}, shuffled, since=EPOCH), None, 999, got)
    assert got == set(range(1, 61))


def test_a_pinned_old_item_does_not_end_the_first_walk() -> None:
    platform, got = Platform(range(5000, 5060)), set[int]()

    def pinned(upper: int | None, skip: int) -> list[walk.Item]:
        found = platform.newest_first(upper, skip)
        return [item(1), *found] if upper is None else found

    run(walk.down(None, pinned, since=at(100)), None, 999, got)
    assert got >= set(range(5000, 5060))


def test_a_cursor_that_loops_ends_without_moving_the_floor() -> None:
    platform = Platform(range(1, 61))
    steps = list(walk.down({"floor": 3}, lambda upper, skip: platform.newest_first(None, 0), since=EPOCH))
    assert steps[-1].state == {"floor": 3}
    assert not steps[-1].done
    assert platform.reads < 10


def test_many_items_of_one_instant_are_paged_through() -> None:
    got = set[str]()
    same = [walk.Item(7, at(7), Post(f"p{number}", "", at(7))) for number in range(35)]

    def read(upper: int | None, skip: int) -> list[walk.Item]:
        return same[skip : skip + 10]

    for step in walk.down({"floor": 1}, read, since=EPOCH):
        got |= {post.id for post in step.posts}
    assert len(got) == 35


def test_a_key_from_the_future_is_stored_but_never_becomes_the_floor() -> None:
    platform, got = Platform([10, 20, 9_999_999]), set[int]()
    state = run(walk.down(None, platform.newest_first, since=EPOCH, ceiling=100), None, 99, got)
    assert state == {"floor": 20}
    platform.publish(30)
    run(walk.down(state, platform.newest_first, since=EPOCH, ceiling=100), state, 99, got)
    assert got == {10, 20, 30, 9_999_999}


def test_a_first_walk_stops_at_since() -> None:
    platform, got = Platform(range(1, 500)), set[int]()
    run(walk.down(None, platform.newest_first, since=at(450)), None, 99, got)
    assert set(range(450, 500)) <= got
    assert min(got) > 430


def test_streams_share_the_pages_and_keep_what_they_left_over() -> None:
    busy, quiet = Platform(range(1, 200)), Platform(range(1, 5))
    streams = {
        "busy": lambda state: walk.down(state, busy.newest_first, since=EPOCH),
        "quiet": lambda state: walk.down(state, quiet.newest_first, since=EPOCH),
    }
    pages = list(walk.together(streams, {}, max_pages=8))
    got = {post.id for page in pages for post in page.posts}
    assert {"1", "2", "3", "4"} <= got
    assert pages[-1].truncated
    assert pages[-1].cursor is not None
    assert pages[-1].cursor["streams"]["busy"]["walking"] == 160
    assert pages[-1].cursor["streams"]["quiet"] == {"floor": 4}
