"""The fault matrix: each channel that the simulator speaks with each fault, from the platform to the database and back.

Whatever fails in the middle of a first walk, all posts are stored in the end, each once. Whatever fails at the call
that publishes, one answer is public, or none and the reply says why.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from benchmarks import faults
from benchmarks._stage import CUSTOMERS, GONE, PAGED, WAYS, Way
from benchmarks.faults import ANSWERING, LISTENING, RESET

TELLS = ("mastodon", "x", "reddit", "bluesky", "appstore-feed", "feed", "hackernews")
"""Where a 429 says how long."""
SENT, FAILED = ("sent", 1), ("failed", 0)
QUIET = (*PAGED, "deleted_author")
"""What is no error: the answer looks as good as any."""
HEARD = [
    pytest.param(way, fault, id=f"{way.name}-{fault}")
    for way in WAYS
    for fault in LISTENING
    if fault not in way.without
]
SAID = [
    pytest.param(way, fault, id=f"{way.name}-{fault}")
    for way in WAYS
    for fault in ANSWERING
    if way.answering and fault not in (*way.without, *way.unsaid)
]


@pytest.mark.parametrize(("way", "fault"), HEARD)
def test_every_post_is_stored_once(way: Way, fault: str) -> None:
    found = faults.listen(way, fault)
    assert found is not None
    assert found.struck, "the fault did not happen"
    assert (found.missed, found.doubled) == (0, 0)
    assert found.stored >= found.readable >= way.posts - way.posts // CUSTOMERS
    # a cut page of Reddit's feed reads like a shorter one, and the walk goes on below its last entry
    quiet = fault in QUIET or (way.name, fault) == ("reddit-rss", "truncated")
    assert bool(found.errors) is not quiet, found.errors
    if fault == "rate_limited":
        asked = timedelta(seconds=RESET) if way.name in TELLS else timedelta(minutes=1)
        assert found.held_off >= asked


@pytest.mark.parametrize(("way", "fault"), SAID)
def test_one_answer_is_public_or_none_and_we_know_why(way: Way, fault: str) -> None:
    found = faults.answer(way, fault)
    assert found is not None
    assert found.struck, "the fault did not happen"
    ends = {"unauthorized": [SENT, FAILED], "deleted_author": [SENT, FAILED], GONE: [FAILED]}
    assert (found.state, found.public) in ends.get(fault, [SENT])
    assert bool(found.error) is (found.state == "failed")
