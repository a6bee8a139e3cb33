"""A tiny Graph API on loopback: objects and their edges, newest first, that go on by an opaque `after`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.listener.channels.meta_room import answer, refusal
from tests.listener.web_room import Answer, Asked

NOW = datetime.now(UTC)


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass
class Graph:
    """`edges`: path → objects; `objects`: path → one. `write` makes what a POST answers; `then` replaces that answer.

    `repeat`: every page is given twice; `blank`: an empty page comes first; `loops`: `after` leads back to the start.
    """

    edges: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    write: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda path, body: {"id": "made"}
    then: Answer | None = None
    fault: Answer | None = None
    size: int = 10
    headers: dict[str, str] = field(default_factory=dict)
    repeat: bool = False
    blank: bool = False
    loops: bool = False
    time_field: str = "created_time"
    posted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        path = asked.path.partition("/v23.0")[2]
        if self.fault is not None:
            return self.fault
        if asked.method == "POST":
            body = json.loads(asked.body)
            self.posted.append((path, body))
            made = self.write(path, body)
            return self.then or answer(made)
        self.read.append(path)
        if path in self.edges:
            return self._page(path, asked)
        if path in self.objects:
            return answer(self.objects[path], **self.headers)
        return refusal(100, "Object does not exist", subcode=33)

    def _page(self, path: str, asked: Asked) -> Answer:
        place = base64.b64decode(asked.query.get("after", "")).decode() or "0"
        number, second, _ = place.partition("+")
        start = int(number)
        every = sorted(self.edges[path], key=lambda one: str(one[self.time_field]), reverse=True)
        shown = every[start : start + self.size]
        if self.blank and not second and start:
            return self._answer([], f"{start}+")
        if self.repeat and not second:
            return self._answer(shown, f"{start}+")
        end = start + self.size >= len(every)
        following = "0" if self.loops and end else f"{start + self.size}"
        return self._answer(shown, None if end and not self.loops else following)

    def _answer(self, shown: list[dict[str, Any]], following: str | None) -> Answer:
        token = base64.b64encode((following or "end").encode()).decode()
        paging: dict[str, Any] = {"cursors": {"before": "x", "after": token}}
        if following is not None:
            paging["next"] = "https://graph.example.test/next?access_token=sesame"
        return answer({"data": shown, "paging": paging}, **self.headers)
