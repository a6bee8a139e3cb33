"""An X that streams, beside the tiny X of the polls."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from listener import brands, sources
from listener.db import Database
from listener.ground import Ground
from listener.streams import follow
from tests.listener.channels.x_room import KEYS, TinyX
from tests.listener.web_room import Asked, Site
from tests.listener.wire_room import Lined, Visit, lined

__all__ = ["lined"]
STREAM = "/2/tweets/search/stream"
BUSY = (
    429,
    {"Content-Type": "application/json", "x-rate-limit-reset": "4102444800"},
    json.dumps({
        "title": "ConnectionException", "connection_issue": "TooManyConnections",
        "detail": "This stream is currently at the maximum allowed connection limit.",
    }).encode(),
)  # fmt: skip


@dataclass
class Streaming:
    """An X that streams: `rules` by id, as (value, tag); everything else is the tiny X of the polls."""

    lined: Lined
    tiny: TinyX
    rules: dict[str, tuple[str, str]] = field(default_factory=dict)
    refused: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)

    def answers(self, visit: Visit, method: str, body: bytes) -> tuple[int, str]:
        if visit.path != f"{STREAM}/rules":
            query = {name: values[0] for name, values in visit.query.items()}
            told = self.tiny.answer(Asked(method, visit.path, query, visit.headers, body, visit.query))
            return told.status, told.body if isinstance(told.body, str) else told.body.decode()
        assert visit.headers["Authorization"] == "Bearer bearer-sesame"
        if method == "POST":
            return self.change(json.loads(body))
        found = [{"id": name, "value": value, "tag": tag} for name, (value, tag) in self.rules.items()]
        return 200, json.dumps({"data": found, "meta": {}} if found else {"meta": {"result_count": 0}})

    def change(self, told: dict[str, Any]) -> tuple[int, str]:
        self.calls.append(told)
        for name in told.get("delete", {}).get("ids", []):
            del self.rules[name]
        errors = []
        for rule in told.get("add", []):
            if self.refused and self.refused in rule["value"]:
                errors.append(
                    {"value": rule["value"], "title": "UnprocessableEntity", "details": ["no such operator"]}
                )
                continue
            self.rules[str(100 + len(self.calls) * 10 + len(self.rules))] = (rule["value"], rule["tag"])
        return 201, json.dumps({"meta": {}} | ({"errors": errors} if errors else {}))

    def named(self, part: str) -> str:
        return next(name for name, (value, _tag) in self.rules.items() if part in value)

    def say(self, number: str, *rules: str) -> None:
        tweet = self.tiny.tweets[int(number)]
        matching = [{"id": name, "tag": self.rules[name][1]} for name in rules]
        includes = TinyX._users([tweet])
        self.lined.say(json.dumps({"data": tweet, "includes": includes, "matching_rules": matching}))


@pytest.fixture
def x(lined: Lined) -> Streaming:
    lined.stream = STREAM
    made = Streaming(lined, TinyX(Site()))
    lined.answers = made.answers
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = follow._wait
    monkeypatch.setattr(
        follow, "_wait", lambda errors, error: wait(errors, error) if error.retry_after else timedelta(0)
    )


def follow_it(db: Database, kit: Ground, x: Streaming, **settings: str) -> int:
    brands.add(db, "Acme", query="acme -lawn")
    given = {"base_url": x.lined.url, "bearer_token": "bearer-sesame", "username": "acme", "stream": "true"}
    given = given | KEYS | settings
    return sources.add(
        db, kit, "x", name="x", brand="Acme", settings={name: value for name, value in given.items() if value}
    )


def values(x: Streaming) -> list[str]:
    return sorted(value for value, _tag in x.rules.values())
