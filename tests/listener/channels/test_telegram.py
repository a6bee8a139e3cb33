"""Telegram: updates are confirmed when they are stored, answers go to the message, the webhook shows its secret."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, collect, sources
from listener.channels.base import Attempt, Gone, Hook, Listen, Page, Post, ReplyMode, Unsure
from listener.channels.telegram import Telegram, TelegramOptions, measure
from listener.channels.telegram.posts import post_of
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Mention, Source
from tests.listener.channels.telegram_room import (
    ADA,
    GROUP,
    NOW,
    TOKEN,
    Bot,
    bot,
    channel,
    message,
    refused,
    update,
)
from tests.listener.web_room import Answer, Site

__all__ = ["bot"]
SECRET = "a-long-secret"


def listen(made: Telegram, cursor: dict[str, Any] | None = None, pages: int = 40) -> list[Page]:
    return list(made.listen(Listen([], NOW - timedelta(days=1), max_pages=pages), cursor))


def ids(pages: list[Page]) -> list[str]:
    return [post.id for page in pages for post in page.posts]


def test_a_burst_is_read_in_order_and_confirmed_only_when_stored(kit: Ground, site: Site, bot: Bot) -> None:
    bot.updates = [update(number) for number in range(1, 1201)]
    first = listen(channel(kit, site), pages=5)
    assert first[-1].truncated
    assert len(bot.updates) == 1200 - 400  # the last batch waits until the next run proves that it was stored
    heard = ids(first)
    cursor = first[-1].cursor
    for _ in range(5):
        pages = listen(channel(kit, site), cursor, pages=5)
        cursor = pages[-1].cursor
        heard += ids(pages)
    assert heard == [f"42:{number}" for number in range(1, 1201)]
    assert not pages[-1].truncated


def test_a_server_that_repeats_itself_ends(kit: Ground, site: Site, bot: Bot) -> None:
    bot.confirms = False
    bot.updates = [update(number) for number in range(1, 101)]
    assert len(ids(listen(channel(kit, site)))) == 100


def test_after_a_quiet_week_the_numbers_may_begin_anywhere(kit: Ground, site: Site, bot: Bot) -> None:
    old = (NOW - timedelta(days=8)).isoformat()
    bot.updates = [update(7)]
    assert ids(listen(channel(kit, site), {"v": 1, "update_id": 900_000, "at": old})) == ["42:7"]
    bot.updates = [update(7)]
    assert ids(listen(channel(kit, site), {"v": 1, "update_id": 900_000, "at": NOW.isoformat()})) == []


def read(said: dict[str, Any], *, channel: bool = False) -> Post:
    made = post_of(said, bot="123456", name="AcmeBot", channel=channel)
    assert made is not None
    return made


def test_a_private_message() -> None:
    post = read(message(5, "acme 👩‍👩‍👧 שלום", edit_date=int(NOW.timestamp())))
    assert post.author is not None
    assert (post.id, post.author.id, post.author.name, post.author.url) == (
        "42:5",
        "42",
        "Ada Ray",
        "https://t.me/ada",
    )
    assert (post.thread_id, post.addressed_to_us, post.visibility, post.url) == (
        "chat:42",
        True,
        "direct",
        None,
    )
    assert post.edited_at is not None


def test_messages_of_a_group() -> None:
    answered = message(4, "any news?", chat=GROUP)
    post = read(message(5, "no", chat=GROUP, reply_to_message=answered))
    assert (post.parent_id, post.parent_text, post.addressed_to_us) == ("-1001234:4", "any news?", False)
    assert (post.url, post.visibility, post.title) == ("https://t.me/acmeusers/5", "public", "Acme users")
    ours = message(4, "hello", chat=GROUP, **{"from": {"id": 123456, "is_bot": True}})
    assert read(message(6, "thanks", chat=GROUP, reply_to_message=ours)).addressed_to_us
    assert read(message(7, "hey @acmebot", chat=GROUP)).addressed_to_us
    closed = GROUP | {"username": None}
    assert read(message(8, chat=closed)).url == "https://t.me/c/1234/8"
    topic = read(message(9, chat=GROUP, is_topic_message=True, message_thread_id=3))
    assert topic.thread_id == "topic:-1001234:3"


@pytest.mark.parametrize(
    ("said", "is_channel"),
    [
        (message(1, chat={"id": -1009, "type": "channel", "title": "Acme"}, sender_chat={"id": -1009}), True),
        (message(1, chat=GROUP, sender_chat={"id": -1001234, "title": "Acme users"}), False),
        (message(1, chat=GROUP, sender_chat={"id": -1009}, is_automatic_forward=True), False),
        (message(1, business_connection_id="b", **{"from": {"id": 7, "first_name": "Colleague"}}), False),
    ],
)
def test_what_we_write_ourselves_is_ours(said: dict[str, Any], is_channel: bool) -> None:
    assert read(said, channel=is_channel).own


def test_media_have_words_and_service_messages_have_none() -> None:
    assert read(message(1, None, photo=[{}], caption="burnt")).text == "burnt"
    assert read(message(1, None, photo=[{}])).text == "[photo]"
    assert read(message(1, None, sticker={"emoji": "😡"})).text == "😡"
    assert (
        read(message(1, None, poll={"question": "Dead?", "options": [{"text": "Yes"}]})).text
        == "Dead?\n- Yes"
    )
    assert post_of(message(1, None, new_chat_members=[ADA]), bot="1", name=None, channel=False) is None


def test_an_answer_goes_to_the_message(kit: Ground, site: Site, bot: Bot) -> None:
    made = channel(kit, site)
    to = read(message(5, chat=GROUP, is_topic_message=True, message_thread_id=3, business_connection_id="b"))
    assert made.may_reply(to).mode is ReplyMode.API
    sent = made.reply(to, "We are on it.", key="k")
    assert sent.id == "-1001234:901"
    (body,) = bot.sent
    assert body["reply_parameters"] == {"message_id": 5, "allow_sending_without_reply": False}
    assert (body["chat_id"], body["message_thread_id"], body["business_connection_id"]) == (-1001234, 3, "b")
    made.reply(Post("42:6", "x", NOW), "We are on it.", key="k")
    assert (bot.sent[1]["chat_id"], bot.sent[1]["reply_parameters"]["message_id"]) == ("42", 6)


@pytest.mark.parametrize(("text", "length"), [("abc", 3), ("שלום", 4), ("👍", 2), ("👩‍👩‍👧", 8)])
def test_length_is_counted_in_utf16(text: str, length: int) -> None:
    assert measure(text) == length


def test_too_long_is_stopped_before_the_call(kit: Ground, site: Site, bot: Bot) -> None:
    with pytest.raises(ChannelError, match="UTF-16") as raised:
        channel(kit, site).reply(read(message(5)), "👍" * 2049, key="k")
    assert not raised.value.delivered
    assert site.asked == []


@pytest.mark.parametrize(
    ("answer", "permanent", "attention"),
    [
        (refused(400, "Bad Request: message to be replied not found"), True, False),
        (refused(403, "Forbidden: bot was blocked by the user"), True, False),
        (refused(401, "Unauthorized"), True, True),
        (refused(429, "Too Many Requests: retry after 7", retry_after=7), False, False),
        (Answer(status=502), False, False),
        (Answer("<html>", status=500), False, False),
    ],
)
def test_a_refused_answer_says_why(
    kit: Ground, site: Site, bot: Bot, answer: Answer, permanent: bool, attention: bool
) -> None:
    bot.fault = answer
    with pytest.raises(HttpError, match=str(answer.status)) as raised:
        channel(kit, site).reply(read(message(5)), "We are on it.", key="k")
    assert (raised.value.permanent, raised.value.attention) == (permanent, attention)
    assert (raised.value.retry_after == timedelta(seconds=7)) == (answer.status == 429)
    assert "sesame" not in f"{raised.value} {raised.value.hint}"
    assert len([one for one in site.asked if one.method == "POST"]) == 1


def test_an_unclear_answer_is_left_to_a_person(kit: Ground, site: Site) -> None:
    found = channel(kit, site).find(Attempt(read(message(5)), "x", "k", now()))
    assert isinstance(found, Unsure)


def hook(said: Any, secret: str = SECRET) -> Hook:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Hook("POST", {"X-Telegram-Bot-Api-Secret-Token": secret}, {}, body)


def test_a_webhook_brings_posts_and_deletions_and_is_not_polled(kit: Ground, site: Site, bot: Bot) -> None:
    made = channel(kit, site, webhook_secret=SECRET)
    assert [post.id for post in made.receive(hook(update(1))).posts] == ["42:1"]
    edited = made.receive(hook(update(2, edited_message=message(1, "acme is up")))).posts
    assert [(post.id, post.text) for post in edited] == [("42:1", "acme is up")]
    gone = update(3, deleted_business_messages={"chat": {"id": 42}, "message_ids": [1, 2]})
    assert made.receive(hook(gone)).gone == [Gone("42:1"), Gone("42:2")]
    for nothing in ({"update_id": 4, "my_chat_member": {}}, {"message": {"text": "x"}}, [1]):
        assert list(made.receive(hook(nothing)).posts) == []
    assert [page.posts for page in listen(made)] == [()]
    assert site.asked == []
    assert made.hook_secret() == SECRET


@pytest.mark.parametrize(
    ("request_", "status"),
    [(hook(update(1), "wrong"), 401), (Hook("POST", {}, {}, b"{}"), 401), (hook(b"{"), 400)],
)  # fmt: skip
def test_what_does_not_fit_is_refused(kit: Ground, site: Site, request_: Hook, status: int) -> None:
    with pytest.raises(HttpError) as raised:
        channel(kit, site, webhook_secret=SECRET).receive(request_)
    assert raised.value.status == status


def test_check_says_who_and_how(kit: Ground, site: Site, bot: Bot) -> None:
    assert channel(kit, site).check() == "@AcmeBot, updates come by polling"
    assert "no webhook is set" in channel(kit, site, webhook_secret=SECRET).check()
    bot.webhook = "https://listen.example.test/hooks/x/y"
    assert "by webhook" in channel(kit, site, webhook_secret=SECRET).check()
    with pytest.raises(ChannelError, match="cannot be polled"):
        channel(kit, site).check()


def test_stored_once_scheduled_by_the_platforms_word_and_a_conflict_asks_for_a_person(
    sqlite_db: Database, kit: Ground, site: Site, bot: Bot
) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    settings = {"base_url": site.url, "bot_token": TOKEN}
    source_id = sources.add(sqlite_db, kit, "telegram", name="bot", brand="Acme", settings=settings)
    bot.updates = [update(number) for number in (*range(1, 61), *range(50, 61))]
    assert collect.poll(sqlite_db, kit, source_id, force=True).new == 60
    assert collect.poll(sqlite_db, kit, source_id, force=True).new == 0
    bot.fault = refused(429, "Too Many Requests", retry_after=120)
    assert collect.poll(sqlite_db, kit, source_id, force=True).error
    with sqlite_db.work() as session:
        row = session.get_one(Source, source_id)
        assert row.not_before is not None
        assert timedelta(seconds=110) < row.not_before - now() < timedelta(seconds=130)
        row.not_before = None
        assert len(session.scalars(select(Mention)).all()) == 60
    bot.fault = refused(409, "Conflict: terminated by other getUpdates request")
    for _ in range(2):
        collect.poll(sqlite_db, kit, source_id, force=True)
    with sqlite_db.read() as session:
        row = session.get_one(Source, source_id)
        assert (row.state, "sesame" in f"{row.error} {row.hint}") == ("attention", False)


def test_a_token_of_another_shape_is_refused_at_once(kit: Ground) -> None:
    with pytest.raises(ValueError, match="BotFather"):
        TelegramOptions.model_validate({"bot_token": "sesame"})
