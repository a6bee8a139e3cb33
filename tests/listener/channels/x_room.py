"""A tiny X on loopback: search, timelines, look-ups and posting, in the platform's JSON; a test sets its faults."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from listener.channels.x.posts import moment, snowflake
from tests.listener.web_room import Answer, Asked, Site

US = "9001"
KEYS = {
    "consumer_key": "key-sesame", "consumer_secret": "secret-sesame",
    "access_token": "9001-token-sesame", "access_token_secret": "token-secret-sesame",
}  # fmt: skip


@dataclass
class TinyX:
    """`tweets` by id. `fault(asked)` may answer instead of the platform; `page` is the most it gives at once."""

    site: Site
    tweets: dict[int, dict[str, Any]] = field(default_factory=dict)
    page: int = 100
    loop: bool = False
    shuffle: bool = False
    fault: Any = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.site.answer = self.answer

    def publish(
        self, text: str, *, minutes: float = 1, by: str = "ada", dated: datetime | None = None, **more: Any
    ) -> str:
        number = snowflake(datetime.now(UTC) - timedelta(minutes=minutes)) + len(self.tweets)
        mentions = [
            {
                "start": found.start(),
                "end": found.end(),
                "username": found[1],
                "id": US if found[1] == "acme" else "77",
            }
            for found in re.finditer(r"@(\w+)", text)
        ]
        self.tweets[number] = {
            "id": str(number), "text": text, "author_id": US if by == "acme" else f"id-{by}",
            "conversation_id": str(number), "created_at": _iso(dated or moment(number)), "lang": "en",
            "edit_history_tweet_ids": [str(number)], "reply_settings": "everyone",
            "public_metrics": {"retweet_count": 2, "reply_count": 0, "like_count": 3, "quote_count": 0},
            "entities": {"mentions": mentions} if mentions else {},
        } | more  # fmt: skip
        return str(number)

    def replies(self) -> list[dict[str, Any]]:
        return [tweet for tweet in self.tweets.values() if tweet["author_id"] == US]

    def asked(self, part: str) -> list[Asked]:
        return [asked for asked in self.site.asked if part in asked.path]

    def answer(self, asked: Asked) -> Answer:
        if self.fault is not None and (told := self.fault(asked)) is not None:
            return told
        if asked.path == "/2/users/me":
            return said({"data": {"id": US, "name": "Acme", "username": "acme"}})
        if asked.path.startswith("/2/users/by/username/"):
            return said({"data": {"id": US, "name": "Acme", "username": asked.path.rpartition("/")[2]}})
        if asked.method == "POST":
            return self.create(json.loads(asked.body))
        if asked.path == "/2/tweets":
            return self.look_up(asked.query["ids"].split(","))
        return self.count(asked) if asked.path == "/2/tweets/counts/recent" else self.listing(asked)

    def count(self, asked: Asked) -> Answer:
        start = datetime.fromisoformat(asked.query["start_time"])
        found = [
            one
            for one in self.tweets.values()
            if self._asked_for(asked, one) and moment(int(one["id"])) >= start
        ]
        return said({"data": [], "meta": {"total_tweet_count": len(found)}})

    def create(self, told: dict[str, Any]) -> Answer:
        parent = told["reply"]["in_reply_to_tweet_id"]
        with self.lock:
            made = self.publish(
                f"@ada {told['text']}", minutes=0, by="acme",
                referenced_tweets=[{"type": "replied_to", "id": parent}],
            )  # fmt: skip
        return said({"data": {"id": made, "text": told["text"]}}, 201)

    def look_up(self, ids: list[str]) -> Answer:
        found = [self.tweets[int(name)] for name in ids if int(name) in self.tweets]
        gone = [
            {
                "resource_id": name, "value": name, "parameter": "ids", "resource_type": "tweet",
                "title": "Not Found Error", "detail": f"Could not find tweet with ids: [{name}].",
                "type": "https://api.twitter.com/2/problems/resource-not-found",
            }
            for name in ids
            if int(name) not in self.tweets
        ]  # fmt: skip
        return said({"data": found, "includes": self._users(found)} | ({"errors": gone} if gone else {}))

    def listing(self, asked: Asked) -> Answer:
        query = asked.query
        rows = sorted(self.tweets.values(), key=lambda tweet: -int(tweet["id"]))
        rows = [tweet for tweet in rows if self._asked_for(asked, tweet)]
        if "since_id" in query:
            if moment(int(query["since_id"])) < datetime.now(UTC) - timedelta(days=7):
                return said(
                    {
                        "errors": [{"message": "'since_id' must be a tweet id created after"}],
                        "title": "Invalid Request",
                    },
                    400,
                )
            rows = [tweet for tweet in rows if int(tweet["id"]) > int(query["since_id"])]
        if "until_id" in query:
            rows = [tweet for tweet in rows if int(tweet["id"]) < int(query["until_id"])]
        if "start_time" in query:
            start = datetime.fromisoformat(query["start_time"])
            rows = [tweet for tweet in rows if moment(int(tweet["id"])) >= start]
        at = int((query.get("next_token") or query.get("pagination_token") or "t0").removeprefix("t"))
        size = min(self.page, int(query.get("max_results", 10)))
        page = rows[at : at + size]
        if self.shuffle:
            page = page[1::2] + page[::2]
        meta: dict[str, Any] = {"result_count": len(page)}
        if at + size < len(rows):
            meta["next_token"] = "t0" if self.loop else f"t{at + size}"
        return said({"meta": meta} | ({"data": page, "includes": self._users(page)} if page else {}))

    @staticmethod
    def _asked_for(asked: Asked, tweet: dict[str, Any]) -> bool:
        mentions = [item["id"] for item in tweet.get("entities", {}).get("mentions", [])]
        if asked.path.endswith("/mentions"):
            return US in mentions
        mine = tweet["author_id"] == US
        if asked.path.endswith(f"/{US}/tweets") or asked.query.get("query", "").startswith("from:"):
            return mine
        return not mine

    @staticmethod
    def _users(tweets: list[dict[str, Any]]) -> dict[str, Any]:
        ids = {tweet["author_id"] for tweet in tweets}
        return {
            "users": [
                {"id": name, "username": "acme" if name == US else name.removeprefix("id-"), "name": name.title(),
                 "public_metrics": {"followers_count": 12}}
                for name in sorted(ids)
            ]
        }  # fmt: skip


def said(body: Any, status: int = 200, **headers: str) -> Answer:
    """Answer with JSON as X does."""
    return Answer(json.dumps(body), status, {"Content-Type": "application/json; charset=utf-8"} | headers)


def stalling(seconds: float) -> Any:
    def stall(asked: Asked) -> None:
        time.sleep(seconds)

    return stall


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
