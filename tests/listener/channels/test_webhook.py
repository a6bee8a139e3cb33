"""Webhooks: signed, fresh, whole; and replies by the callback, once."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.channels.base import Absent, Attempt, Gone, Hook, Post, ReplyMode, Sent, Unsure
from listener.channels.webhook import Webhook, WebhookOptions
from listener.errors import HttpError
from listener.ground import Ground
from tests.listener.web_room import Answer, Asked, Site

SECRET = "correct-horse"
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def channel(kit: Ground, site: Site | None = None) -> Webhook:
    reply_url = f"{site.url}/reply" if site else None
    return Webhook(WebhookOptions.model_validate({"secret": SECRET, "reply_url": reply_url}), kit.http)


def hook(said: Any, *, secret: str = SECRET, age: float = 0, **headers: str) -> Hook:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    stamp = str(int(time.time() - age))
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    signed = {"X-AllEars-Timestamp": stamp, "X-AllEars-Signature": f"sha256={signature}"}
    return Hook("POST", signed | headers, {}, body)


def post(**more: Any) -> Post:
    return Post("7", "My order is broken", NOW, thread_id="t1", **more)


def test_one_post_a_list_and_deletions(kit: Ground) -> None:
    made = channel(kit)
    full = {
        "id": 7, "text": "My order is broken", "author": {"id": "c1", "name": "Ada"}, "posted_at": NOW.isoformat(),
        "lang": "en", "rating": "2", "thread_id": "t1", "url": "https://shop.example.test/7", "kind": "review",
    }  # fmt: skip
    (one,) = made.receive(hook(full)).posts
    assert (one.id, one.text, one.posted_at, one.rating, one.rating_scale, one.kind) == (
        "7", "My order is broken", NOW, 2.0, 5, "review",
    )  # fmt: skip
    assert one.author is not None
    assert (one.author.id, one.author.name, one.addressed_to_us) == ("c1", "Ada", True)
    assert [
        found.text for found in made.receive(hook([{"text": "a"}, {"text": "b", "author": "Bob"}])).posts
    ] == ["a", "b"]
    received = made.receive(hook({"posts": [], "deleted": [7]}))
    assert received.gone == [Gone("7")]


def test_the_same_words_without_an_id_are_the_same_post(kit: Ground) -> None:
    made = channel(kit)
    first, second = (made.receive(hook({"text": "help"})).posts[0] for _ in range(2))
    assert first.id == second.id


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (lambda: hook({"text": "a"}, secret="wrong-secret"), "Signature"),
        (lambda: hook({"text": "a"}, age=400), "older"),
        (lambda: hook({"text": "a"}, age=-400), "clock"),
        (lambda: Hook("POST", {}, {}, b"{}"), "Timestamp"),
        (lambda: hook({"text": "a"}, **{"X-AllEars-Signature": "é"}), "Signature"),
    ],
)
def test_what_is_not_signed_and_fresh_is_refused(
    kit: Ground, request_: Callable[[], Hook], message: str
) -> None:
    with pytest.raises(HttpError, match=message) as raised:
        channel(kit).receive(request_())  # signed now: ages are measured against the clock
    assert raised.value.status == 401


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"\xff{", "not JSON"),
        ({"text": "  "}, "post 0: it needs a text"),
        ([{"text": "a"}, 7], "post 1"),
        ({"text": "a", "posted_at": "yesterday"}, "posted_at"),
        ({"text": "a", "rating": "good"}, "number"),
        ([{"text": "a"}] * 1001, "more than 1000"),
    ],
)
def test_what_cannot_be_read_is_said(kit: Ground, said: Any, message: str) -> None:
    with pytest.raises(HttpError, match=message) as raised:
        channel(kit).receive(hook(said))
    assert raised.value.status == 400


def test_a_reply_goes_to_the_callback_signed_and_once(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: Answer('{"id": "r1", "url": "https://shop.example.test/r1"}', status=201)
    made = channel(kit, site)
    sent = made.reply(post(), "We replace it.", key="k1")
    (asked,) = site.asked
    assert (sent.id, sent.url) == ("r1", "https://shop.example.test/r1")
    assert json.loads(asked.body) == {
        "in_reply_to": "7",
        "thread_id": "t1",
        "text": "We replace it.",
        "key": "k1",
    }
    assert asked.headers["idempotency-key"] == "k1"
    stamp = asked.headers["x-allears-timestamp"]
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-allears-signature"] == f"sha256={expected}"


@pytest.mark.parametrize(("status", "delivered"), [(503, True), (404, True), (422, True)])
def test_a_refused_reply_tells_its_status(kit: Ground, site: Site, status: int, delivered: bool) -> None:
    site.answer = lambda asked: Answer(status=status)
    with pytest.raises(HttpError) as raised:
        channel(kit, site).reply(post(), "We replace it.", key="k1")
    assert raised.value.status == status
    assert len(site.asked) == 1


def test_an_unclear_reply_is_found_by_its_key(kit: Ground, site: Site) -> None:
    def answer(asked: Asked) -> Answer:
        answers = {"k1": Answer('{"id": "r1"}'), "k2": Answer(status=404), "k3": Answer(status=503)}
        return answers.get(asked.query["key"], Answer("{}"))

    site.answer = answer
    made = channel(kit, site)

    def find(key: str) -> object:
        return made.find(Attempt(post(), "x", key, NOW))

    assert find("k1") == Sent("r1")
    assert find("k2") == Absent()
    assert isinstance(find("k3"), Unsure)
    assert isinstance(find("k4"), Unsure)


def test_how_a_post_can_be_answered(kit: Ground, site: Site) -> None:
    assert channel(kit, site).may_reply(post()).mode is ReplyMode.API
    assert channel(kit).may_reply(post(url="https://shop.example.test/7")).mode is ReplyMode.LINK
    assert channel(kit).may_reply(post()).mode is ReplyMode.NONE
