"""A tiny Bot API on loopback that keeps updates until they are confirmed, as the real one does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from listener.channels.telegram import Telegram, TelegramOptions
from listener.ground import Ground
from tests.listener.web_room import Answer, Asked, Site

TOKEN = "123456:sesame-open-now"
NOW = datetime.now(UTC)
ADA = {"id": 42, "is_bot": False, "first_name": "Ada", "last_name": "Ray", "username": "ada"}
GROUP = {"id": -1001234, "type": "supergroup", "title": "Acme users", "username": "acmeusers"}


def message(number: int, text: str | None = "acme is down", **more: Any) -> dict[str, Any]:
    said = {
        "message_id": number,
        "from": ADA,
        "chat": {"id": 42, "type": "private"},
        "date": int(NOW.timestamp()),
    }
    return said | ({"text": text} if text is not None else {}) | more


def update(number: int, **more: Any) -> dict[str, Any]:
    return {"update_id": number} | (more or {"message": message(number)})


@dataclass
class Bot:
    """`updates` wait until a higher offset confirms them; `sent` are the messages; `fault` answers instead."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    webhook: str = ""
    fault: Answer | None = None
    confirms: bool = True

    def __call__(self, asked: Asked) -> Answer:
        method = asked.path.rpartition("/")[2]
        if self.fault is not None and method != "getMe":
            return self.fault
        if asked.path != f"/bot{TOKEN}/{method}":
            return refused(401, "Unauthorized")
        if method == "getMe":
            return done({"id": 123456, "is_bot": True, "username": "AcmeBot"})
        if method == "getWebhookInfo":
            return done({"url": self.webhook, "pending_update_count": len(self.updates)})
        if method == "getUpdates":
            if self.confirms and "offset" in asked.query:
                self.updates = [one for one in self.updates if one["update_id"] >= int(asked.query["offset"])]
            return done(self.updates[: int(asked.query["limit"])])
        self.sent.append(json.loads(asked.body))
        return done({"message_id": 900 + len(self.sent), "date": int(NOW.timestamp())})


def done(result: Any) -> Answer:
    return Answer(json.dumps({"ok": True, "result": result}))


def refused(status: int, why: str, **parameters: Any) -> Answer:
    said = {"ok": False, "error_code": status, "description": why, "parameters": parameters}
    return Answer(json.dumps(said), status=status, headers={"Content-Type": "application/json"})


@pytest.fixture
def bot(site: Site) -> Bot:
    made = Bot()
    site.answer = made
    return made


def channel(kit: Ground, site: Site, **more: Any) -> Telegram:
    given = {"base_url": site.url, "bot_token": TOKEN} | more
    return Telegram(TelegramOptions.model_validate(given), kit.http)
