"""A tiny forum on loopback that pages, searches, moderates and forgets as the real one does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listener.channels.discourse import Discourse, DiscourseOptions
from listener.ground import Ground
from tests.listener.web_room import Answer, Asked, Site

KEY = "sesame-open-now"
NOW = datetime.now(UTC)


def said(number: int, text: str = "acme is down", minutes: float = 5, **more: Any) -> dict[str, Any]:
    at = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    return {
        "id": number, "username": "ada", "name": "Ada", "created_at": at, "updated_at": at, "cooked": f"<p>{text}</p>",
        "raw": text, "post_number": 2, "post_type": 1, "topic_id": 7, "topic_slug": "help", "topic_title": "Help me",
        "reply_count": 1, "version": 1, "actions_summary": [{"id": 2, "count": 3}], **more,
    }  # fmt: skip


@dataclass
class Forum:
    """`posts` by id; `queue`: what waits for a moderator; `fault`: an answer instead of what was asked for."""

    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    queue: list[dict[str, Any]] = field(default_factory=list)
    moderated: bool = False
    accepted_then: int | None = None
    fault: Answer | None = None

    def add(self, *posts: dict[str, Any]) -> None:
        self.posts |= {one["id"]: one for one in posts}

    def __call__(self, asked: Asked) -> Answer:
        if self.fault is not None:
            return self.fault
        if asked.method == "POST":
            return self._create(json.loads(asked.body))
        found = self._find(asked)
        return Answer(status=404) if found is None else Answer(json.dumps(found))

    def _find(self, asked: Asked) -> Any:  # noqa: PLR0911 - one return an address
        parts = asked.path.strip("/").removesuffix(".json").split("/")
        if asked.path == "/posts.json":
            before = int(asked.query.get("before") or max(self.posts, default=0))
            ids = [number for number in self.posts if before - 50 < number <= before]
            return {"latest_posts": [self.posts[number] for number in sorted(ids, reverse=True)]}
        if asked.path == "/search.json":
            page, word = int(asked.query["page"]), asked.query["q"].removesuffix(" order:latest")
            hits = sorted(
                (p for p in self.posts.values() if word in p["raw"]),
                key=lambda p: p["created_at"],
                reverse=True,
            )
            shown = hits[(page - 1) * 10 : page * 10]
            brief = [
                {k: p[k] for k in ("id", "created_at", "topic_id", "username")} | {"blurb": "…"}
                for p in shown
            ]
            more = {"more_full_page_results": True if len(hits) > page * 10 else None}
            return {
                "posts": brief,
                "topics": [{"id": 7, "title": "Help me", "slug": "help"}],
                "grouped_search_result": more,
            }
        if asked.path == "/session/current.json":
            return {"current_user": {"id": 1, "username": "Acme"}}
        if parts[0] == "t":
            return {
                "post_stream": {
                    "posts": [p for p in self.posts.values() if str(p["topic_id"]) == parts[1]][-20:]
                }
            }
        if parts[0] == "posts" and parts[-1] == "replies":
            return [] if int(parts[1]) in self.posts else None
        if parts[0] == "posts" and parts[-1] == "pending":
            return {"pending_posts": self.queue}
        return self.posts.get(int(parts[1])) if parts[0] == "posts" and parts[1].isdigit() else None

    def _create(self, body: dict[str, Any]) -> Answer:
        if self.moderated:
            self.queue.append({"id": 5, "raw_text": body["raw"], "topic_id": body["topic_id"]})
            made: dict[str, Any] = {"action": "enqueued", "success": True, "pending_post": {"id": 5}}
        else:
            number = max(self.posts, default=0) + 1
            made = said(
                number, body["raw"], minutes=0, username="Acme", topic_id=body["topic_id"], post_number=number
            )
            self.add(made)
        if self.accepted_then is not None:
            return Answer(status=self.accepted_then)
        return Answer(json.dumps(made))


@pytest.fixture
def forum(site: Site) -> Forum:
    made = Forum()
    site.answer = made
    return made


def channel(kit: Ground, site: Site, **more: Any) -> Discourse:
    given = {"base_url": site.url, "api_key": KEY, "api_username": "Acme"} | more
    return Discourse(
        DiscourseOptions.model_validate({k: v for k, v in given.items() if v is not None}), kit.http
    )
