"""WhatsApp: signed deliveries, the 24-hour window, and an unclear call that its status clears up."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from listener import brands, hooks, sources
from listener.channels.base import Attempt, Gone, Hook, Listen, Post, Refused, ReplyMode, Sent, Unsure
from listener.channels.whatsapp import WhatsApp, WhatsAppOptions
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.hooks import HookError
from listener.models import Account, Mention, OwnPost
from tests.listener.channels.meta_room import APP_SECRET, TOKEN, VERIFY, answer, challenge, delivery, refusal
from tests.listener.web_room import Site

NUMBER = "1122334455667"
NOW = datetime.now(UTC)


def settings(base_url: str = "https://graph.example.test") -> dict[str, str]:
    return {
        "base_url": base_url, "phone_number_id": NUMBER, "access_token": TOKEN, "app_secret": APP_SECRET,
        "verify_token": VERIFY,
    }  # fmt: skip


def channel(kit: Ground, site: Site | None = None) -> WhatsApp:
    return WhatsApp(WhatsAppOptions.model_validate(settings(site.url) if site else settings()), kit.http)


def value(number: str = NUMBER, **more: Any) -> dict[str, Any]:
    contacts = [{"profile": {"name": "Ada"}, "wa_id": "33600000001"}]
    said = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": number},
        "contacts": contacts,
    } | more
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"value": said, "field": "messages"}]}],
    }


def message(number: str = "wamid.1", kind: str = "text", **more: Any) -> dict[str, Any]:
    said = {"from": "33600000001", "id": number, "timestamp": str(int(NOW.timestamp())), "type": kind}
    return said | ({"text": {"body": "acme is down"}} if kind == "text" else {}) | more


def post(age: timedelta = timedelta(), **more: Any) -> Post:
    return Post("wamid.1", "acme is down", NOW - age, extra={"to": "33600000001"}, **more)


def test_a_message_of_a_customer(kit: Ground) -> None:
    said = message(context={"id": "wamid.0", "from": NUMBER})
    (heard,) = channel(kit).receive(delivery(value(messages=[said]))).posts
    assert heard.author is not None
    assert (heard.id, heard.text, heard.kind) == ("wamid.1", "acme is down", "message")
    assert (heard.author.id, heard.author.handle, heard.author.name) == ("33600000001", "+33600000001", "Ada")
    assert (heard.thread_id, heard.parent_id, heard.visibility) == ("chat:33600000001", "wamid.0", "direct")
    assert heard.addressed_to_us
    assert heard.posted_at == NOW.replace(microsecond=0)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (message(kind="image", image={"caption": "burnt", "mime_type": "image/jpeg"}), "burnt"),
        (message(kind="audio", audio={"voice": True}), "[voice message]"),
        (
            message(
                kind="interactive", interactive={"type": "button_reply", "button_reply": {"title": "Yes"}}
            ),
            "Yes",
        ),
        (message(kind="button", button={"text": "Stop"}), "Stop"),
        (
            message(kind="location", location={"name": "Shop", "address": "Main St"}),
            "[location: Shop, Main St]",
        ),
        (
            message(kind="order", order={"product_items": [{"quantity": 2, "product_retailer_id": "BOX"}]}),
            "[order: 2 x BOX]",
        ),
        (message(kind="contacts", contacts=[{"name": {"formatted_name": "Bob"}}]), "[contacts: Bob]"),
        (message(kind="unsupported"), "[unsupported]"),
    ],
)
def test_each_kind_of_message_has_words(kit: Ground, said: dict[str, Any], text: str) -> None:
    (heard,) = channel(kit).receive(delivery(value(messages=[said]))).posts
    assert heard.text == text


def test_edits_deletions_echoes_and_what_is_no_message(kit: Ground) -> None:
    edit = message("wamid.9", "edit", edit={"original_message_id": "wamid.1", "message": message("x")})
    revoke = message("wamid.8", "revoke", revoke={"original_message_id": "wamid.2"})
    quiet = [
        message(kind="reaction", reaction={"emoji": "👍"}),
        message(kind="system", system={"body": "moved"}),
    ]
    received = channel(kit).receive(delivery(value(messages=[edit, revoke, *quiet])))
    assert [(heard.id, heard.edited_at is not None) for heard in received.posts] == [("wamid.1", True)]
    assert received.gone == [Gone("wamid.2")]
    echo = message("wamid.7") | {"from": NUMBER, "to": "33600000001"}
    (own,) = channel(kit).receive(delivery(value(message_echoes=[echo]))).posts
    assert (own.own, own.thread_id, own.author) == (True, "chat:33600000001", None)


def test_one_message_of_an_unknown_shape_hides_nobody(kit: Ground) -> None:
    odd = [message(kind="image", image="no object", context=7), "no object", message("wamid.3")]
    assert [one.id for one in channel(kit).receive(delivery(value(messages=odd))).posts] == ["wamid.3"]


def test_another_number_of_the_same_app_is_not_ours(kit: Ground) -> None:
    assert channel(kit).receive(delivery(value("999", messages=[message()]))).posts == []


def test_the_challenge_of_the_set_up(kit: Ground) -> None:
    assert channel(kit).receive(challenge()).answer == "1158201444"
    for wrong in (challenge("wrong"), challenge(mode="unsubscribe"), Hook("GET", {}, {}, b"")):
        with pytest.raises(HttpError, match="verify_token") as raised:
            channel(kit).receive(wrong)
        assert raised.value.status == 403
    assert channel(kit).hook_secret() == VERIFY


def sha1(body: bytes) -> Hook:
    return Hook(
        "POST", {"X-Hub-Signature": hmac.new(APP_SECRET.encode(), body, hashlib.sha1).hexdigest()}, {}, body
    )


@pytest.mark.parametrize(
    ("request_", "status"),
    [(delivery({}, "wrong-secret"), 401), (sha1(b"{}"), 401), (delivery(b"["), 400), (delivery([1]), 400)],
)
def test_what_is_not_signed_or_not_an_object_is_refused(kit: Ground, request_: Hook, status: int) -> None:
    with pytest.raises(HttpError) as raised:
        channel(kit).receive(request_)
    assert raised.value.status == status
    assert "horse" not in str(raised.value)


def test_the_window_is_said_beforehand_and_holds_when_sending(kit: Ground, site: Site) -> None:
    made = channel(kit, site)
    open_ = made.may_reply(post(timedelta(hours=23)))
    assert (open_.mode, open_.until) == (ReplyMode.API, NOW + timedelta(hours=1))
    closed = made.may_reply(post(timedelta(hours=24)))
    assert closed.mode is ReplyMode.NONE
    assert "24 hours" in (closed.reason or "")
    with pytest.raises(ChannelError, match="24 hours") as raised:
        made.reply(post(timedelta(hours=25)), "We are on it.", key="k")
    assert not raised.value.delivered
    assert site.asked == []


def test_an_answer_quotes_the_message_and_carries_our_key(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: answer({"messaging_product": "whatsapp", "messages": [{"id": "wamid.77"}]})
    sent = channel(kit, site).reply(post(), "We are on it. שלום", key="k1")
    (asked,) = site.asked
    assert (sent.id, asked.path) == ("wamid.77", f"/v23.0/{NUMBER}/messages")
    body = json.loads(asked.body)
    assert (body["to"], body["text"]["body"]) == ("33600000001", "We are on it. שלום")
    assert (body["context"], body["biz_opaque_callback_data"]) == ({"message_id": "wamid.1"}, "k1")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert (
        asked.query["appsecret_proof"]
        == hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    )


def test_too_long_is_stopped_before_the_call(kit: Ground, site: Site) -> None:
    with pytest.raises(ChannelError, match="4097"):
        channel(kit, site).reply(post(), "x" * 4097, key="k")
    assert site.asked == []


@pytest.mark.parametrize(
    ("refused", "permanent", "attention", "status"),
    [
        (refusal(131047, "Re-engagement message"), True, False, 400),
        (refusal(190, "expired", 401), True, True, 401),
        (refusal(130429, "throughput", 429), False, False, 429),
        (refusal(131000, "something went wrong", 500), False, False, 500),
    ],
)
def test_a_refused_answer_says_why(
    kit: Ground, site: Site, refused: Any, permanent: bool, attention: bool, status: int
) -> None:
    site.answer = lambda asked: refused
    with pytest.raises(HttpError, match="Meta answered code") as raised:
        channel(kit, site).reply(post(), "We are on it.", key="k")
    assert (raised.value.permanent, raised.value.attention, raised.value.status) == (
        permanent,
        attention,
        status,
    )
    assert (raised.value.retry_after is not None) == (status == 429)
    assert TOKEN not in f"{raised.value} {raised.value.hint}"
    assert len(site.asked) == 1


def status(key: str, word: str = "sent", **more: Any) -> dict[str, Any]:
    at = str(int(NOW.timestamp()))
    return {"id": "wamid.77", "status": word, "timestamp": at, "biz_opaque_callback_data": key} | more


def test_accepted_without_an_answer_is_cleared_up_by_its_status(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    source_id = sources.add(sqlite_db, kit, "whatsapp", name="wa", brand="Acme", settings=settings(site.url))
    hooks.receive(sqlite_db, kit, "wa", VERIFY, delivery(value(messages=[message()])))
    attempt = Attempt(post(), "We are on it.", "k1", now())
    assert isinstance(sources.channel_of(sqlite_db, kit, source_id).find(attempt), Unsure)
    hooks.receive(
        sqlite_db, kit, "wa", VERIFY, delivery(value(statuses=[status("k1"), status("k2", "failed")]))
    )
    found = sources.channel_of(sqlite_db, kit, source_id).find(attempt)
    assert isinstance(found, Sent)
    assert found.id == "wamid.77"
    failed = sources.channel_of(sqlite_db, kit, source_id).find(Attempt(post(), "x", "k2", now()))
    assert isinstance(failed, Refused)
    assert "could not deliver" in failed.reason


def test_old_statuses_are_let_go(sqlite_db: Database, kit: Ground) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    sources.add(sqlite_db, kit, "whatsapp", name="wa", brand="Acme", settings=settings())
    old = str(int((NOW - timedelta(days=3)).timestamp()))
    hooks.receive(
        sqlite_db, kit, "wa", VERIFY, delivery(value(statuses=[status("k1"), status("k0", timestamp=old)]))
    )
    with sqlite_db.read() as session:
        kept = session.scalars(select(Account)).one().limits
    assert {name for name in kept if name.startswith("sent:")} == {"sent:k1"}


def test_through_the_door_five_times_is_one_mention(sqlite_db: Database, kit: Ground) -> None:
    brands.add(sqlite_db, "Acme", query="acme")
    sources.add(sqlite_db, kit, "whatsapp", name="wa", brand="Acme", settings=settings())
    assert hooks.receive(sqlite_db, kit, "wa", VERIFY, challenge()).answer == "1158201444"
    for _ in range(5):
        hooks.receive(
            sqlite_db, kit, "wa", VERIFY, delivery(value(messages=[message(text={"body": "hello"})]))
        )
    echo = message("wamid.7") | {"from": NUMBER, "to": "33600000001"}
    hooks.receive(sqlite_db, kit, "wa", VERIFY, delivery(value(message_echoes=[echo])))
    with sqlite_db.read() as session:
        (row,) = session.scalars(select(Mention))
        (own,) = session.scalars(select(OwnPost))
    assert (row.text, row.reply_mode, own.thread_id) == ("hello", "api", row.thread_id)
    with pytest.raises(HookError):
        hooks.receive(sqlite_db, kit, "wa", VERIFY, delivery({}, "wrong-secret"))


def test_there_is_nothing_to_poll_and_check_names_the_number(kit: Ground, site: Site) -> None:
    assert [page.posts for page in channel(kit).listen(Listen([], NOW), None)] == [()]
    site.answer = lambda asked: answer({"display_phone_number": "+33 1 02 03", "verified_name": "Acme"})
    made = channel(kit, site)
    assert made.check() == "Acme +33 1 02 03, quality not rated"
    assert made.known["ours"] == ["3310203"]


def test_recorded_deliveries(kit: Ground, recorded: Path) -> None:
    folder = recorded / "whatsapp"
    if not folder.is_dir():
        pytest.skip("no recorded WhatsApp payloads there")
    read = 0
    for file in sorted(folder.glob("*.json")):
        for name, said in json.loads(file.read_text()).items():
            for entry in said["entry"]:
                for change in entry["changes"]:
                    change["value"].setdefault("metadata", {})["phone_number_id"] = NUMBER
            received = channel(kit).receive(delivery(said))
            read += 1
            if file.stem == "message" and not name.startswith(("reaction", "unreaction")):
                (heard,) = received.posts
                assert heard.text, name
    assert read > 40
    messages = json.loads((folder / "message.json").read_text())
    for said in messages.values():
        said["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = NUMBER
    (reply,) = channel(kit).receive(delivery(messages["reply"])).posts
    assert (reply.text, reply.parent_id) == ("replied text", "wamid.xyzxyz==")
    deleted = json.loads((folder / "deleted_message.json").read_text())["revoke"]
    deleted["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = NUMBER
    assert channel(kit).receive(delivery(deleted)).gone == [Gone("<ORIGINAL_WHATSAPP_MESSAGE_ID>")]
