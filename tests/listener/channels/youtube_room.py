"""YouTube on loopback: comment threads of a channel and of videos, replies, and the token endpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from tests.listener.channels.review_room import Platform, Said, iso, now, says
from tests.listener.web_room import Answer, Asked

CHANNEL, VIDEO = "UCacmeacmeacme", "video123456"
PATH = "/youtube/v3"


def refused(status: int, reason: str) -> Answer:
    errors = [{"domain": "youtube.comment", "reason": reason, "message": "no"}]
    return says({"error": {"code": status, "message": "no", "errors": errors}}, status)


class Tube(Platform):
    kind = "youtube"

    def __init__(self, site: Any) -> None:
        super().__init__(site)
        self.under: dict[str, list[Said]] = {}
        self.can_reply = True
        self.inline = 5

    def settings(self) -> dict[str, str]:
        return {
            "channel_id": CHANNEL, "client_id": "client-1", "client_secret": "secret-of-the-client",
            "refresh_token": "refresh-of-the-brand", "base_url": self.site.url,
        }  # fmt: skip

    def is_reply(self, asked: Asked) -> bool:
        return asked.method == "POST" and asked.path == f"{PATH}/comments"

    def allowed(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer at-{self.tokens}"

    def comment_under(self, said: Said, text: str, *, author: str = "@bob", minutes: float = 1) -> Said:
        from datetime import timedelta

        listed = self.under.setdefault(said.id, [])
        made = Said(f"{said.id}.{len(listed) + 1}", text, now() - timedelta(minutes=minutes), author=author)
        listed.append(made)
        return made

    def answer(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one return a route
        if asked.path == "/token":
            return self.grant(asked)
        if not self.allowed(asked):
            return refused(401, "authError")
        if asked.path == f"{PATH}/channels":
            snippet = {"title": "Acme", "customUrl": "@acme"}
            return says({"items": [{"id": CHANNEL, "snippet": snippet}]})
        if asked.path == f"{PATH}/commentThreads":
            return self.listing(asked)
        if self.is_reply(asked):
            return self.insert(json.loads(asked.body)["snippet"])
        if asked.path == f"{PATH}/comments" and "id" in asked.query:
            wanted = asked.query["id"].split(",")
            return says({"items": [self.comment(one) for one in self.everything() if one.id in wanted]})
        if asked.path == f"{PATH}/comments":
            return self.replies(asked)
        return refused(404, "notFound")

    def grant(self, asked: Asked) -> Answer:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert form == {
            "grant_type": "refresh_token", "client_id": "client-1", "client_secret": "secret-of-the-client",
            "refresh_token": "refresh-of-the-brand",
        }  # fmt: skip
        self.tokens += 1
        return says({"access_token": f"at-{self.tokens}", "expires_in": 3599})

    def listing(self, asked: Asked) -> Answer:
        assert asked.query["order"] == "time"
        assert asked.query.get("allThreadsRelatedToChannelId", CHANNEL) == CHANNEL
        said, after = self.page(int(asked.query.get("pageToken", "1")))
        document: dict[str, Any] = {"items": [self.thread(one) for one in said]}
        if after is not None:
            document["nextPageToken"] = str(after)
        return says(document)

    def replies(self, asked: Asked) -> Answer:
        thread = asked.query["parentId"]
        if self.one(thread) is None:
            return refused(404, "commentNotFound")
        listed = self.under.get(thread, [])
        start = int(asked.query.get("pageToken", "0"))
        document: dict[str, Any] = {"items": [self.comment(one, thread) for one in listed[start : start + 4]]}
        if start + 4 < len(listed):
            document["nextPageToken"] = str(start + 4)
        return says(document)

    def insert(self, snippet: dict[str, Any]) -> Answer:
        said = self.one(snippet["parentId"])
        if said is None:
            return refused(404, "parentCommentNotFound")
        made = self.comment_under(said, snippet["textOriginal"], author="@acme", minutes=0)
        self.posted.append((said.id, made.text))
        return says(self.comment(made, said.id))

    def everything(self) -> Sequence[Said]:
        return [*self.reviews, *(one for listed in self.under.values() for one in listed)]

    def thread(self, said: Said) -> dict[str, Any]:
        replies = self.under.get(said.id, [])
        made: dict[str, Any] = {
            "id": said.id,
            "snippet": {
                "channelId": CHANNEL, "videoId": VIDEO, "topLevelComment": self.comment(said),
                "canReply": self.can_reply, "totalReplyCount": len(replies), "isPublic": True,
            },
        }  # fmt: skip
        if replies:
            made["replies"] = {"comments": [self.comment(one, said.id) for one in replies[: self.inline]]}
        return made

    def comment(self, said: Said, parent: str | None = None) -> dict[str, Any]:
        ours = said.author == "@acme"
        return {
            "id": said.id,
            "snippet": {
                "authorDisplayName": said.author,
                "authorChannelId": {"value": CHANNEL if ours else f"UC-{said.author}"},
                "textDisplay": said.text, "likeCount": 1, "publishedAt": iso(said.at), "updatedAt": iso(said.at),
                **({"parentId": parent} if parent else {}),
            },
        }  # fmt: skip


class Key(Tube):
    def settings(self) -> dict[str, str]:
        return {"channel_id": CHANNEL, "api_key": "key-of-the-project", "base_url": self.site.url}

    def allowed(self, asked: Asked) -> bool:
        return asked.headers.get("x-goog-api-key") == "key-of-the-project"
