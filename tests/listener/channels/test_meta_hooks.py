"""What Facebook and Instagram deliver: comments, posts, mentions and private messages, and how those are answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from listener.channels.base import Absent, Attempt, Gone, Post, ReplyMode, Sent
from listener.channels.facebook import Facebook, FacebookOptions
from listener.channels.instagram import Instagram, InstagramOptions
from listener.db import now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from tests.listener.channels.graph_room import NOW, Graph, ago
from tests.listener.channels.meta_room import APP_SECRET, TOKEN, VERIFY, challenge, delivery
from tests.listener.web_room import Site

US = "777"
HOOKS = {"access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY}


@pytest.fixture
def graph(site: Site) -> Graph:
    made = Graph()
    site.answer = made
    return made


def facebook(kit: Ground, site: Site) -> Facebook:
    return Facebook(FacebookOptions.model_validate({"base_url": site.url, "page_id": US} | HOOKS), kit.http)


def instagram(kit: Ground, site: Site) -> Instagram:
    made = Instagram(
        InstagramOptions.model_validate({"base_url": site.url, "account_id": US} | HOOKS), kit.http
    )
    made.known["ours"] = ["acme", US]
    return made


def change(field: str, number: str = US, **value: Any) -> Any:
    entry = {"id": number, "time": int(NOW.timestamp()), "changes": [{"field": field, "value": value}]}
    return delivery({"object": "page", "entry": [entry]})


def event(said: dict[str, Any], sender: str = "42", recipient: str = US, where: str = "messaging") -> Any:
    one = {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": int(NOW.timestamp() * 1000)}
    return delivery({"object": "page", "entry": [{"id": US, where: [one | {"message": said}]}]})


def test_a_comment_below_a_post_of_the_page(kit: Ground, site: Site) -> None:
    value = {
        "item": "comment", "verb": "add", "comment_id": "1_2", "post_id": "777_1", "parent_id": "1_0",
        "from": {"id": "42", "name": "Ada"}, "message": "acme is down", "created_time": int(NOW.timestamp()),
    }  # fmt: skip
    (heard,) = facebook(kit, site).receive(change("feed", **value)).posts
    assert (heard.id, heard.text, heard.thread_id, heard.parent_id) == ("1_2", "acme is down", "777_1", "1_0")
    assert heard.posted_at == NOW.replace(microsecond=0)
    (edited,) = (
        facebook(kit, site).receive(change("feed", **value | {"verb": "edited", "message": "up"})).posts
    )
    assert edited.text == "up"
    (own,) = facebook(kit, site).receive(change("feed", **value | {"from": {"id": US}})).posts
    assert own.own
    assert facebook(kit, site).receive(change("feed", **value | {"verb": "remove"})).gone == [Gone("1_2")]
    assert facebook(kit, site).receive(change("feed", "999", **value)).posts == []
    assert (
        facebook(kit, site).receive(change("feed", item="reaction", verb="add", post_id="777_1")).posts == []
    )


def test_a_visitors_post(kit: Ground, site: Site) -> None:
    value = {
        "item": "post",
        "verb": "add",
        "post_id": "777_9",
        "from": {"id": "42"},
        "message": "acme is down",
    }
    (heard,) = facebook(kit, site).receive(change("feed", **value)).posts
    assert (heard.kind, heard.thread_id, heard.addressed_to_us) == ("post", "777_9", True)


def test_a_comment_below_our_picture(kit: Ground, site: Site) -> None:
    value = {
        "id": "c1",
        "text": "acme is down",
        "from": {"id": "42", "username": "ada"},
        "media": {"id": "m1"},
    }
    (heard,) = instagram(kit, site).receive(change("comments", **value)).posts
    assert heard.author is not None
    assert (heard.id, heard.thread_id, heard.parent_id, heard.author.handle) == ("c1", "m1", "m1", "ada")
    (answer,) = instagram(kit, site).receive(change("comments", **value | {"parent_id": "c0"})).posts
    assert answer.parent_id == "c0"
    (own,) = (
        instagram(kit, site)
        .receive(change("comments", **value | {"from": {"id": US, "username": "Acme"}}))
        .posts
    )
    assert own.own


def test_a_mention_is_fetched_because_the_delivery_only_names_it(
    kit: Ground, site: Site, graph: Graph
) -> None:
    media = {"id": "m5", "permalink": "https://instagram.example.test/p/5/", "caption": "My box"}
    comment = {"id": "c5", "text": "@acme it is down", "username": "ada", "timestamp": ago(3), "media": media}
    graph.objects[f"/{US}"] = {"mentioned_comment": comment}
    made = instagram(kit, site)
    (heard,) = made.receive(change("mentions", media_id="m5", comment_id="c5")).posts
    assert (heard.text, heard.url, heard.parent_text) == ("@acme it is down", media["permalink"], "My box")
    assert "mentioned_comment.comment_id(c5)" in site.asked[-1].query["fields"]
    made.reply(heard, "We are on it.", key="k")
    assert graph.posted == [
        (f"/{US}/mentions", {"media_id": "m5", "comment_id": "c5", "message": "We are on it."})
    ]
    graph.objects[f"/{US}"] = {"mentioned_media": {"id": "m6", "caption": "@acme look", "username": "ada"}}
    (post,) = made.receive(change("mentions", media_id="m6")).posts
    assert (post.kind, post.text, made.may_reply(post).mode) == ("post", "@acme look", ReplyMode.API)


@pytest.mark.parametrize("open_", [facebook, instagram])
def test_a_private_message_and_its_answer(kit: Ground, site: Site, graph: Graph, open_: Any) -> None:
    made = open_(kit, site)
    (heard,) = made.receive(event({"mid": "m_1", "text": "acme is down", "reply_to": {"mid": "m_0"}})).posts
    assert (heard.id, heard.kind, heard.thread_id, heard.parent_id) == ("m_1", "message", "chat:42", "m_0")
    assert heard.visibility == "direct"
    assert made.may_reply(heard).until == heard.posted_at + timedelta(hours=24)
    graph.write = lambda path, body: {"recipient_id": "42", "message_id": "m_9"}
    assert made.reply(heard, "We are on it.", key="k").id == "m_9"
    said = {"recipient": {"id": "42"}, "messaging_type": "RESPONSE", "message": {"text": "We are on it."}}
    assert graph.posted == [("/me/messages", said)]
    (picture,) = made.receive(
        event({"mid": "m_2", "attachments": [{"type": "image"}]}, where="standby")
    ).posts
    assert picture.text == "[image]"
    assert made.receive(event({"mid": "m_1", "is_deleted": True})).gone == [Gone("m_1")]
    (own,) = made.receive(
        event({"mid": "m_3", "text": "hello", "is_echo": True}, sender=US, recipient="42")
    ).posts
    assert (own.own, own.thread_id) == (True, "chat:42")


@pytest.mark.parametrize("open_", [facebook, instagram])
def test_after_a_day_a_message_is_closed_and_a_long_one_is_stopped(
    kit: Ground, site: Site, graph: Graph, open_: Any
) -> None:
    made = open_(kit, site)
    old = Post("m_1", "x", NOW - timedelta(hours=25), kind="message", extra={"customer": "42"})
    assert made.may_reply(old).mode is ReplyMode.NONE
    with pytest.raises(ChannelError, match="24 hours"):
        made.reply(old, "x", key="k")
    fresh = Post("m_1", "x", datetime.now(UTC), kind="message", extra={"customer": "42"})
    with pytest.raises(ChannelError, match="takes"):
        made.reply(fresh, "ש" * 2001, key="k")
    assert graph.posted == []


@pytest.mark.parametrize("open_", [facebook, instagram])
def test_a_message_without_a_clear_end_is_found_in_the_conversation(
    kit: Ground, site: Site, graph: Graph, open_: Any
) -> None:
    message = {"id": "m_9", "message": "We are on it.", "from": {"id": US}, "created_time": ago(0)}
    theirs = {"id": "m_1", "message": "hello", "from": {"id": "42"}, "created_time": ago(0)}
    graph.objects["/me/conversations"] = {"data": [{"messages": {"data": [message, theirs]}}]}
    made = open_(kit, site)
    to = Post("m_1", "hello", NOW, kind="message", extra={"customer": "42"})
    found = made.find(Attempt(to, "We are on it.", "k", now()))
    assert isinstance(found, Sent)
    assert found.id == "m_9"
    assert made.find(Attempt(to, "hello", "k", now())) == Absent()


@pytest.mark.parametrize("open_", [facebook, instagram])
def test_what_is_not_signed_is_refused(kit: Ground, site: Site, open_: Any) -> None:
    with pytest.raises(HttpError, match="X-Hub-Signature-256") as raised:
        open_(kit, site).receive(delivery({"entry": []}, "another-secret"))
    assert raised.value.status == 401


def test_recorded_messages(kit: Ground, site: Site, recorded: Path) -> None:
    folder = recorded / "instagram_webhook"
    if not folder.is_dir():
        pytest.skip("no recorded Instagram deliveries there")
    heard: dict[str, Any] = {}
    for one in json.loads((folder / "messaging_events.json").read_text()):
        for entry in one["entry"]:
            entry["id"] = US
        heard[one["name"]] = instagram(kit, site).receive(
            delivery({"object": "instagram", "entry": one["entry"]})
        )
    (first,) = heard["message_create"].posts
    assert (first.text, first.posted_at) == (
        "This is the first message from the customer", datetime(2021, 9, 8, 6, 34, 4, tzinfo=UTC),
    )  # fmt: skip
    assert heard["unsend"].gone == [Gone("message-id-to-delete")]
    assert [post.own for post in heard["echo"].posts] == [True]
    assert len(heard["standby"].posts) == len(heard["story_reply"].posts) == 1


@pytest.mark.parametrize("open_", [facebook, instagram])
def test_the_set_up_of_the_webhook(kit: Ground, site: Site, open_: Any) -> None:
    made = open_(kit, site)
    assert made.receive(challenge()).answer == "1158201444"
    assert made.hook_secret() == VERIFY
    with pytest.raises(HttpError, match="verify_token"):
        made.receive(challenge("wrong"))
    made.options.app_secret = None
    with pytest.raises(HttpError, match="app_secret"):
        made.receive(delivery({}))


@pytest.mark.parametrize("open_", [facebook, instagram])
def test_one_piece_of_an_unknown_shape_hides_nobody(kit: Ground, site: Site, open_: Any) -> None:
    one = {"sender": {"id": "42"}, "recipient": {"id": US}, "message": {"mid": "m_1", "text": "acme is down"}}
    odd = [{"field": "feed", "value": {"item": "comment", "verb": "add", "comment_id": "1", "from": "Ada"}}]
    entry = {"id": US, "changes": odd, "messaging": [{"message": {"mid": "m_0"}, "sender": 7}, one]}
    received = open_(kit, site).receive(delivery({"entry": [entry]}))
    assert [post.id for post in received.posts] == ["m_1"]
