"""Answering on Mastodon, against the simulated instance: once, under the post, counted as the instance counts."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from listener import sources
from listener.channels.base import Absent, Attempt, Gone, Post, PostAuthor, ReplyMode, Sent, Unsure
from listener.channels.mastodon.length import measure
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Account
from listener.simulator import Simulator
from tests.listener.channels.mastodon_room import brand_handle, listen_to, opened, publish, sim

__all__ = ["sim"]


def test_a_reply_stands_under_the_post_and_mentions_its_author(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    post = publish(sim, "acme is down", visibility="unlisted", by="bob")
    channel = opened(sim, kit)
    (heard,) = [found for found in channel.refresh([_post(post.id)]) if not isinstance(found, Gone)]
    assert channel.may_reply(heard).mode is ReplyMode.API
    sent = channel.reply(heard, "We are on it.", key="k1")
    again = channel.reply(heard, "We are on it.", key="k1")
    assert sent.id == again.id
    (reply,) = sim.world.replies_by_brand()
    assert (reply.text, reply.visibility) == ("@bob We are on it.", "unlisted")
    assert reply.parent is post
    assert sent.url is not None


def test_an_accepted_reply_without_a_clear_answer_is_found(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    since = now()
    sim.faults.set("accepted_then_503")
    with pytest.raises(HttpError) as raised:
        channel.reply(_post(post.id), "We are on it: https://acme.example.test/status", key="k2")
    assert raised.value.delivered
    assert (raised.value.status or 0) >= 500
    found = channel.find(
        Attempt(_post(post.id), "We are on it: https://acme.example.test/status", "k2", since)
    )
    assert isinstance(found, Sent)
    assert [found.id] == [reply.id for reply in sim.world.replies_by_brand()]


def test_find_does_not_take_another_answer_for_ours(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    assert sim.world.brand is not None
    sim.world.publish(sim.world.brand, "@ada thanks", parent=post)
    assert isinstance(channel.find(Attempt(_post(post.id), "We are on it.", "k3", now())), Absent)


def test_find_is_unsure_when_the_platform_cannot_be_read(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    sim.faults.set("server_error", times=5)
    assert isinstance(channel.find(Attempt(_post(post.id), "We are on it.", "k3", now())), Unsure)


def test_a_reply_to_a_deleted_post_says_so_and_posts_nothing(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    sim.world.delete(post)
    with pytest.raises(HttpError) as raised:
        channel.reply(_post(post.id), "We are on it.", key="k4")
    assert (raised.value.permanent, raised.value.status) == (True, 404)
    assert sim.world.replies_by_brand() == []
    assert [type(found) for found in channel.refresh([_post(post.id)])] == [Gone]


def test_a_reply_that_is_too_long_is_stopped_before_the_call(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    limit = channel.limits().length
    assert limit is not None
    with pytest.raises(ChannelError, match="characters"):
        channel.reply(_post(post.id), "x" * limit, key="k5")
    assert sim.world.replies_by_brand() == []


def test_nobody_listening_is_a_connection_error_with_nothing_posted(kit: Ground, sim: Simulator) -> None:
    channel = opened(sim, kit)
    post = publish(sim, "acme is down")
    sim.stop()
    with pytest.raises(HttpError) as raised:
        channel.reply(_post(post.id), "We are on it.", key="k6")
    assert not raised.value.delivered


def test_test_says_as_whom_and_remembers_it(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    listen_to(sqlite_db, kit, sim)
    assert f"@{brand_handle(sim)}" in sources.test(sqlite_db, kit, "social")
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert account.health == "ok"
    assert account.handle == f"@{brand_handle(sim)}"
    assert account.secrets is not None
    assert sim.token not in f"{account.secrets} {account.options} {account.identity}"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hello", 5),
        ("see https://example.test/a/very/long/path?with=query#and-fragment now", 4 + 23 + 4),
        ("@ada@far.example.test hi", 7),
        ("👩‍👩‍👧 שלום", 6),
        ("e\u0301te\u0301", 3),
    ],
)
def test_length_is_counted_as_the_instance_does(text: str, length: int) -> None:
    assert measure(text) == length


def _post(post_id: str) -> Post:
    told = {"acct": "ada", "visibility": "public"}
    return Post(post_id, "acme is down", now(), author=PostAuthor("1", "ada"), extra=told)
