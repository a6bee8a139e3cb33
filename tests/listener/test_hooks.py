"""Webhooks at the door: the right address, the right signature, stored like a page."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from listener import brands, hooks, sources
from listener.channels.base import Hook
from listener.db import Database
from listener.ground import Ground
from listener.models import Mention, Poll, Source
from tests.listener.channels.test_webhook import SECRET, hook


@pytest.fixture
def form(db: Database, kit: Ground) -> int:
    brands.add(db, "Acme", query="acme")
    return sources.add(db, kit, "webhook", name="form", brand="Acme", settings={"secret": SECRET})


def count(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Mention)) or 0


def test_a_signed_post_is_stored_once_however_often_it_comes(db: Database, kit: Ground, form: int) -> None:
    request = hook({"id": "1", "text": "nothing about the brand"})
    for _ in range(3):
        hooks.receive(db, kit, "form", SECRET, request)
    with db.read() as session:
        mention = session.scalars(select(Mention)).one()
        assert (mention.channel, mention.addressed_to_us, mention.stage) == ("webhook", True, "collected")
        assert [poll.new for poll in session.scalars(select(Poll).order_by(Poll.id))] == [1, 0, 0]
        assert session.get_one(Source, form).last_ok_at is not None


def test_a_deletion_blanks(db: Database, kit: Ground, form: int) -> None:
    hooks.receive(db, kit, "form", SECRET, hook({"id": "1", "text": "help"}))
    hooks.receive(db, kit, "form", SECRET, hook({"deleted": ["1"]}))
    with db.read() as session:
        mention = session.scalars(select(Mention)).one()
    assert mention.gone_at is not None
    assert mention.text == ""


@pytest.mark.parametrize(("name", "secret"), [("form", "wrong-secret"), ("other", SECRET), ("form", "")])
def test_an_unknown_address_is_nothing(db: Database, kit: Ground, form: int, name: str, secret: str) -> None:
    with pytest.raises(hooks.HookError) as raised:
        hooks.receive(db, kit, name, secret, hook({"text": "a"}))
    assert raised.value.status == 404
    assert count(db) == 0


def test_a_bad_signature_a_bad_body_and_a_huge_one(db: Database, kit: Ground, form: int) -> None:
    requests = {
        401: hook({"text": "a"}, secret="another-one"),
        400: hook({"text": ""}),
        413: Hook("POST", {}, {}, b"x" * 3_000_000),
    }
    for status, request in requests.items():
        with pytest.raises(hooks.HookError) as raised:
            hooks.receive(db, kit, "form", SECRET, request)
        assert raised.value.status == status
    assert count(db) == 0


def test_a_paused_source_asks_the_sender_to_come_again(db: Database, kit: Ground, form: int) -> None:
    sources.pause(db, "form")
    with pytest.raises(hooks.HookError) as raised:
        hooks.receive(db, kit, "form", SECRET, hook({"text": "a"}))
    assert raised.value.status == 503
