"""Trustpilot: what is its own; the rest is in test_reviews. The recorded webhook where it is present."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from listener import hooks
from listener.channels.base import Gone, Hook
from listener.channels.trustpilot import Trustpilot
from listener.db import Database
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Payload, Source
from listener.sources import SourceError, parse_options
from tests.listener.channels.review_room import Room, says
from tests.listener.channels.trustpilot_room import UNIT, Business, Public
from tests.listener.web_room import Site


def event(name: str, number: str = "r1", **more: Any) -> dict[str, Any]:
    data = {"id": number, "stars": 2, "text": "acme is slow", "createdAt": "2026-11-25T07:00:00Z", **more}
    return {"eventName": f"service-review-{name}", "version": "1", "eventData": data}


def hook(*events: Any) -> Hook:
    return Hook("POST", {}, {}, json.dumps({"events": events}).encode())


def channel(kit: Ground, site: Site) -> Trustpilot:
    return Trustpilot(parse_options("trustpilot", Business(site).settings()), kit.http)  # type: ignore[arg-type]


def test_the_recorded_webhook_is_a_review_and_an_unknown_event(
    kit: Ground, site: Site, recorded: Path
) -> None:
    body = (recorded / "trustpilot" / "trustpilot-review-events.json").read_bytes()
    (post,) = channel(kit, site).receive(Hook("POST", {}, {}, body)).posts
    said = json.loads(body)["events"][0]["eventData"]
    assert (post.id, post.text, post.title) == (said["id"], said["text"], said["title"])
    assert (post.rating, post.rating_scale, post.language) == (4.0, 5, "en")
    assert post.posted_at == datetime(2022, 7, 8, 22, 41, 48, tzinfo=UTC)
    assert post.author is not None
    assert (post.author.id, post.author.name) == ("bbbbb", "some one")
    assert (post.extra["reference"], post.instance) == ("XELeKJriAxDQq3ps", UNIT)


def test_a_webhook_and_a_poll_store_one_review_and_a_deletion_blanks_it(
    sqlite_db: Database, kit: Ground, site: Site
) -> None:
    platform = Business(site)
    room = Room(sqlite_db, kit, platform).open()
    said = platform.publish()
    for name, text in (("created", said.text), ("updated", "acme is slower")):
        said.text = text
        hooks.receive(
            sqlite_db, kit, "heard", "sesame-open-now", hook(event(name, said.id, text=text, title="A title"))
        )
    assert room.hear().new == 0
    assert room.stored()[said.id].text == "acme is slower"
    hooks.receive(sqlite_db, kit, "heard", "sesame-open-now", hook(event("deleted", said.id)))
    assert room.stored()[said.id].gone_at is not None
    with pytest.raises(hooks.HookError):
        hooks.receive(sqlite_db, kit, "heard", "another-secret", hook(event("created", "r9")))


def test_a_deletion_names_what_is_gone(kit: Ground, site: Site) -> None:
    assert channel(kit, site).receive(hook(event("deleted"))).gone == [Gone("r1", UNIT)]


@pytest.mark.parametrize(
    "body", [b"\xff", b"[]", b'{"events": {}}', b'{"events": [7]}', b'{"events": [{"eventData": {}}]}']
)
def test_a_webhook_that_cannot_be_read_is_refused(kit: Ground, site: Site, body: bytes) -> None:
    with pytest.raises(HttpError) as raised:
        channel(kit, site).receive(Hook("POST", {}, {}, body))
    assert raised.value.status == 400


def test_the_customers_mail_address_is_not_kept(sqlite_db: Database, kit: Ground, site: Site) -> None:
    platform = Business(site)
    room = Room(sqlite_db, kit, platform).open()
    said = platform.publish()
    room.hear()
    assert room.stored()[said.id].extra["reference"] == "A-1"
    with room.db.read() as session:
        (payload,) = session.scalars(select(Payload)).all()
    assert "customer.example.test" not in gzip.decompress(payload.raw).decode()


def test_the_key_alone_reads_what_is_public(sqlite_db: Database, kit: Ground, site: Site) -> None:
    platform = Public(site)
    room = Room(sqlite_db, kit, platform).open()
    said = platform.publish()
    room.hear()
    assert said.id in room.stored()
    assert {asked.path for asked in site.asked} == {f"/v1/business-units/{UNIT}/reviews"}
    assert room.channel().limits().length is None


def test_a_plan_without_the_api_needs_a_person(sqlite_db: Database, kit: Ground, site: Site) -> None:
    platform = Business(site)
    room = Room(sqlite_db, kit, platform).open()
    room.poll()
    platform.broken = says({"message": "Forbidden"}, 403)
    room.poll()
    assert "plan" in (room.poll().hint or "")
    with room.db.read() as session:
        assert session.get_one(Source, room.source_id).state == "attention"


@pytest.mark.parametrize("name", ["business_unit_id", "author_business_user_id"])
def test_an_address_is_no_id(site: Site, name: str) -> None:
    with pytest.raises(SourceError, match=f"{name}.*no id of Trustpilot"):
        parse_options("trustpilot", Business(site).settings() | {name: "https://example.test"})


def test_a_business_unit_that_is_not_there_is_named(kit: Ground, site: Site) -> None:
    made = channel(kit, site)
    site.answer = lambda asked: says({"message": "nothing here"}, 404)
    with pytest.raises(ChannelError, match=UNIT):
        made.check()
