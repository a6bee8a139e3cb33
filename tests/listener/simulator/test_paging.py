from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from listener.simulator import Simulator
from tests.listener.simulator.conftest import connect


@pytest.fixture
def burst() -> Iterator[Simulator]:
    with Simulator("burst", live=False) as made:
        yield made


def test_min_id_walks_up_through_a_burst_without_a_gap(burst: Simulator) -> None:
    client, seen, floor = connect(burst), [], 0
    while page := client.timeline_public(min_id=floor, limit=40):
        ids = [int(one["id"]) for one in page]
        assert ids == sorted(ids, reverse=True)
        seen += reversed(ids)
        floor = max(ids)
    assert len(seen) == 1200
    assert seen == sorted(set(seen))


def test_link_headers_walk_down_and_up(burst: Simulator) -> None:
    client = connect(burst)
    first = client.timeline_public(limit=15)
    second = client.fetch_next(first)
    assert len(second) == 15
    assert int(second[0]["id"]) < int(first[-1]["id"])
    assert [one["id"] for one in client.fetch_previous(second)] == [one["id"] for one in first]


def test_since_id_gives_the_newest_and_skips_the_middle(burst: Simulator) -> None:
    ids = [post.number for post in burst.world.posts]
    page = connect(burst).timeline_public(since_id=ids[0], limit=10)
    assert [int(one["id"]) for one in page] == ids[-1:-11:-1]


def test_search_by_offset_and_whole_seconds(burst: Simulator) -> None:
    client, seen, skip = connect(burst), set(), 0
    while found := client.search_v2("#TolvaneDown", result_type="statuses", offset=skip or None, limit=40)[
        "statuses"
    ]:
        seen |= {one["id"] for one in found}
        skip += len(found)
    assert len(seen) == sum("#TolvaneDown" in post.text for post in burst.world.posts) > 100
    middle = burst.world.posts[600]
    older = client.search_v2("tolvane", result_type="statuses", max_id=middle.id, limit=1)["statuses"][0]
    assert int(older["id"]) >> 16 < middle.number >> 16 // 1000 * 1000


def test_search_needs_all_words_and_no_excluded_one(client: Any) -> None:
    def found(query: str) -> int:
        return len(client.search_v2(query, result_type="statuses", limit=40)["statuses"])

    assert found("tolvane courgettes") == 0
    assert found("goose") == 2
    assert found("goose -patrol -chased") == 1
    assert found('"was back"') == 1
    assert found('"back was"') == 0
    assert found("толвейн") >= 5
    assert found("טולוויין") >= 8


def test_pages_can_be_made_to_repeat_themselves(burst: Simulator) -> None:
    client = connect(burst)
    first = client.timeline_public(limit=10)
    burst.faults.set("duplicate_pages")
    second = client.timeline_public(max_id=first[-1]["id"], limit=10)
    assert len({one["id"] for one in first} & {one["id"] for one in second}) == 3
