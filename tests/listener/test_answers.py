"""One answer per review: when a new one may be sent, and whether the one that is there is ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from listener.answers import Answer, already, find, may_reply, own_post, same
from listener.channels.base import Absent, Attempt, Post, Sent
from listener.errors import ChannelError

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def review(**more: str) -> Post:
    return Post("r1", "acme is slow", NOON, instance="app", url="https://store.example.test/r1", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("We are on it.", "we are  on it", True),
        ("“Sorry”, Ada!", '"Sorry", Ada!', True),
        ("אנחנו מטפלים", "אנחנו מטפלים.", True),
        ("We are on it.", "We are not on it.", False),
        ("👍", "👍", True),
        ("👍", "👎", False),
        ("...", "", False),
    ],
)
def test_words_count_and_not_how_they_are_set(one: str, other: str, equal: bool) -> None:
    assert same(one, other) is equal


def test_nothing_there_may_be_answered() -> None:
    assert already(review(), "Hello", None, "Store") is None
    assert already(review(), "Hello", Answer("a", ""), "Store") is None


def test_what_was_seen_may_be_replaced_and_what_was_not_may_not() -> None:
    present = Answer("a", "Please call us.", NOON)
    assert already(review(existing_reply="Please call us"), "Hello", present, "Store") is None
    for known in ({}, {"existing_reply": "Something older"}):
        with pytest.raises(ChannelError, match="not known here"):
            already(review(**known), "Hello", present, "Store")


def test_the_same_words_are_there_already() -> None:
    present = Answer("a", "Hello!", NOON, pending=True)
    assert already(review(), "hello", present, "Store") == Sent(
        "a", "https://store.example.test/r1", NOON, pending=True
    )


def test_an_attempt_is_found_by_its_words() -> None:
    attempt = Attempt(review(), "Hello", "k", NOON)
    assert isinstance(find(attempt, Answer("a", "Hello")), Sent)
    assert find(attempt, Answer("a", "Good-bye")) == Absent()
    assert find(attempt, None) == Absent()


def test_an_answer_is_a_post_of_ours_in_the_reviews_thread() -> None:
    own = own_post(review(), Answer("a", "Hello", pending=True))
    assert (own.id, own.parent_id, own.thread_id, own.instance, own.own) == ("a", "r1", "r1", "app", True)
    assert own.posted_at == NOON


def test_the_writer_is_told_that_an_answer_will_be_replaced() -> None:
    assert may_reply(review(), "Store").reason is None
    assert "replaces" in (may_reply(review(existing_reply="Hello"), "Store").reason or "")
