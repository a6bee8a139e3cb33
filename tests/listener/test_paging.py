"""Pages by token or number: whatever happens between two runs, every post is handed over, and the walk ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener import paging, walk
from listener.channels.base import Post
from listener.errors import ChannelError, PartError
from listener.paging import Leaf, onwards

EPOCH = datetime(2026, 11, 1, tzinfo=UTC)


def item(key: int) -> walk.Item:
    at = EPOCH + timedelta(seconds=key)
    return walk.Item(key, at, Post(str(key), f"post {key}", at))


class Platform:
    """A newest-first list behind numbered pages."""

    def __init__(self, keys: list[int], size: int = 5) -> None:
        self.keys, self.size, self.reads = sorted(set(keys)), size, 0

    def page(self, number: int) -> tuple[list[walk.Item], bool]:
        self.reads += 1
        newest = sorted(self.keys, reverse=True)
        start = (number - 1) * self.size
        return [item(key) for key in newest[start : start + self.size]], True

    def token(self, place: str | None) -> Leaf:
        number = int(place or 1)
        items, _ = self.page(number)
        return Leaf(items, str(number + 1) if number * self.size < len(self.keys) else None)


def run(state: Any, read: Any, pages: int = 10_000, window: int = 0) -> tuple[set[str], Any, bool]:
    heard: set[str] = set()
    for count, step in enumerate(onwards(state, read, since=EPOCH, window=window), start=1):
        heard |= {post.id for post in step.posts}
        state = step.state
        if step.done or count >= pages:
            return heard, state, step.done
    return heard, state, False


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 500), max_size=60),
    st.lists(st.lists(st.integers(501, 2000), max_size=25), max_size=4),
    st.integers(1, 4),
)
def test_everything_is_heard_however_often_the_run_is_cut(
    first: list[int], later: list[list[int]], pages: int
) -> None:
    platform = Platform(first)
    heard: set[str] = set()
    state: Any = None
    top = 500
    for more in [[], *later]:
        fresh = [top + key for key in more]
        top = max([top, *fresh])
        platform.keys = sorted({*platform.keys, *fresh})
        found, state, _ = run(state, paging.numbered(platform.page), pages)
        heard |= found
    for _ in range(200):
        found, state, done = run(state, paging.numbered(platform.page), pages + 2)
        heard |= found
        if done:
            break
    assert done  # by its own, in runs of a few pages
    found, state, _ = run(state, paging.numbered(platform.page))
    assert heard | found == {str(key) for key in platform.keys}


def test_what_was_deleted_between_two_runs_hides_nothing() -> None:
    platform = Platform(list(range(1, 41)))
    heard, state, done = run(None, paging.numbered(platform.page), pages=3)
    assert not done
    platform.keys = [key for key in platform.keys if key < 37]  # four above the place: the rest moves up
    more, state, done = run(state, paging.numbered(platform.page))
    assert done
    assert {str(key) for key in range(1, 37)} <= heard | more


def test_a_token_that_was_forgotten_begins_again_at_the_top() -> None:
    platform = Platform(list(range(1, 41)))
    heard, state, _ = run(None, platform.token, pages=2)
    lost = []

    def read(place: str | None) -> Leaf:
        if place and not lost:
            lost.append(place)
            raise paging.PlaceLostError
        return platform.token(place)

    more, state, done = run(state, read)
    assert done
    assert lost
    assert heard | more == {str(key) for key in range(1, 41)}
    assert state == {"floor": 40}


def test_a_circle_ends_without_moving_the_floor() -> None:
    platform = Platform(list(range(1, 41)))

    def circle(place: str | None) -> Leaf:
        return Leaf(platform.token(place).items, "2")

    _, state, done = run({"floor": 3}, circle)
    assert (state, done) == ({"floor": 3}, False)
    assert platform.reads < 6


def test_empty_pages_are_passed_over_but_two_of_them_are_the_end() -> None:
    pages = {1: [item(9)], 2: [], 3: [item(8)], 4: [], 5: []}
    heard, state, done = run(None, paging.numbered(lambda number: (pages[number], True)))
    assert (heard, state, done) == ({"9", "8"}, {"floor": 9}, True)


def test_nothing_at_all_leaves_no_floor() -> None:
    assert run(None, lambda place: Leaf([], None)) == (set(), {"floor": None}, True)


def test_the_future_never_becomes_a_floor() -> None:
    steps = list(onwards(None, lambda place: Leaf([item(10**9), item(5)], None), since=EPOCH, ceiling=1000))
    assert steps[-1].state == {"floor": 5}


class Countries:
    """Two lists of a source; one of them answers with an error once it has been asked so often."""

    def __init__(self) -> None:
        self.lists = {"fr": Platform(list(range(1, 20))), "us": Platform(list(range(101, 120)))}
        self.broken: ChannelError | None = None
        self.after = 1
        self.heard: list[str] = []

    def read(self, country: str, place: str | None) -> Leaf:
        platform = self.lists[country]
        if country == "fr" and self.broken is not None and platform.reads >= self.after:
            raise self.broken
        return platform.token(place)

    def poll(self, states: dict[str, Any], **more: Any) -> tuple[dict[str, Any], bool]:
        failed: dict[str, ChannelError] = {}
        streams = {
            name: lambda state, name=name: onwards(state, lambda place: self.read(name, place), since=EPOCH)
            for name in self.lists
        }
        truncated = False
        for found in walk.together(paging.apart(streams, failed, **more), states, max_pages=40):
            self.heard += [post.id for post in found.posts]
            states, truncated = (found.cursor or {})["streams"], found.truncated
        paging.tell(failed, streams)
        return states, truncated


def test_a_country_that_fails_lets_the_other_be_read_and_loses_nothing_itself() -> None:
    countries = Countries()
    countries.broken = ChannelError("the store answered 500", hint="Wait.")
    states: dict[str, Any] = {}
    with pytest.raises(PartError, match="1 of 2 parts could not be read: fr: the store answered 500") as told:
        states, _ = countries.poll(states)
    assert told.value.hint == "Wait."
    assert {name for name in countries.heard if int(name) > 100} == {str(key) for key in range(101, 120)}
    assert len(countries.heard) == 19 + 5  # a page of the failing one was stored
    countries.broken = None
    states, truncated = countries.poll({})
    assert not truncated
    assert set(countries.heard) == {str(key) for key in (*range(1, 20), *range(101, 120))}


def test_what_failed_leaves_nothing_to_fetch_at_once_and_goes_on_where_it_was() -> None:
    countries = Countries()
    countries.broken = ChannelError("no answer")
    failed: dict[str, ChannelError] = {}
    streams = paging.apart(
        {"fr": lambda state: onwards(state, lambda place: countries.read("fr", place), since=EPOCH)}, failed
    )
    pages = list(walk.together(streams, {}, max_pages=40))
    assert not pages[-1].truncated
    place = (pages[-1].cursor or {})["streams"]["fr"]
    assert place["next"] == "2"
    countries.broken = ChannelError("still no answer")
    countries.after = 0
    (only,) = walk.together(streams, {"fr": place}, max_pages=40)
    assert (only.cursor or {})["streams"] == {"fr": place}
    (first,) = walk.together(streams, {}, max_pages=40)
    assert (first.cursor or {})["streams"] == {}  # nothing is known yet: the next run is a first one


def test_when_nothing_can_be_read_the_error_is_the_sources_own() -> None:
    refused = ChannelError("gone")
    with pytest.raises(ChannelError, match="gone") as told:
        paging.tell({"fr": refused}, ["fr"])
    assert told.value is refused
    paging.tell({}, ["fr"])


def test_of_many_parts_only_a_few_are_named() -> None:
    failed = {f"c{number}": ChannelError("no") for number in range(8)}
    with pytest.raises(PartError, match=r"8 of 9 .*c4: no; and 3 more"):
        paging.tell(failed, [f"c{number}" for number in range(9)])


@pytest.mark.parametrize(
    ("error", "one_server"),
    [
        (ChannelError("slow down", retry_after=timedelta(minutes=1)), False),
        (ChannelError("log in", attention=True), False),
        (ChannelError("no answer in time"), True),
    ],
)
def test_what_is_about_the_whole_account_is_raised_at_once(error: ChannelError, *, one_server: bool) -> None:
    countries = Countries()
    countries.broken, countries.after = error, 0
    with pytest.raises(ChannelError) as told:
        countries.poll({}, one_server=one_server)
    assert told.value is error
    assert countries.lists["us"].reads == 0
