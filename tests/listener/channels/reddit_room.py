"""A tiny Reddit on loopback: log-in, listings, RSS, look-ups and comments, in the platform's JSON."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape as xml

from tests.listener.web_room import Answer, Asked, Site

LOGIN = {
    "client_id": "app-id", "client_secret": "secret-sesame", "username": "acme_help", "password": "password-sesame",
}  # fmt: skip


@dataclass
class TinyReddit:
    """`things` newest last. `page` is the most it gives at once, `deep` how far a listing goes."""

    site: Site
    things: list[dict[str, Any]] = field(default_factory=list)
    page: int = 100
    deep: int = 1000
    loop: bool = False
    shuffle: bool = False
    errors: list[list[str]] = field(default_factory=list)
    fault: Any = None

    def __post_init__(self) -> None:
        self.site.answer = self.answer

    def submit(self, title: str, text: str = "", *, minutes: float = 1, by: str = "ada", **more: Any) -> str:
        return self._add("t3", by, minutes, {
            "title": title, "selftext": text, "is_self": True, "num_comments": 4, "score": 7, "num_crossposts": 0,
            "url": "https://www.reddit.com/self", "permalink": f"/r/gadgets/comments/{self._number()}/title/",
        } | more)  # fmt: skip

    def comment(
        self, body: str, *, minutes: float = 1, by: str = "ada", parent: str = "t3_top", **more: Any
    ) -> str:
        return self._add("t1", by, minutes, {
            "body": body, "parent_id": parent, "link_id": "t3_top", "link_title": "Best router?", "score": 2,
            "permalink": f"/r/gadgets/comments/top/title/{self._number()}/",
        } | more)  # fmt: skip

    def message(self, body: str, *, minutes: float = 1, by: str = "ada") -> str:
        return self._add(
            "t4", by, minutes, {"body": body, "subject": "help", "dest": "acme_help", "parent_id": None}
        )

    def replies(self) -> list[dict[str, Any]]:
        return [thing["data"] for thing in self.things if thing["data"]["author"] == "acme_help"]

    def answer(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one a route
        if asked.path == "/api/v1/access_token":
            return said(
                {"access_token": "at-sesame", "token_type": "bearer", "expires_in": 3600, "scope": "*"}
            )
        if self.fault is not None and (told := self.fault(asked)) is not None:
            return told
        if asked.path == "/api/v1/me":
            return said({"name": "acme_help", "id": "abc"})
        if asked.path == "/api/comment/":
            return self.create({name: value[0] for name, value in parse_qs(asked.body.decode()).items()})
        if asked.path == "/api/info/":
            names = asked.query["id"].split(",")
            return said(_listing([thing for thing in self.things if thing["data"]["name"] in names], None))
        if asked.path.startswith("/comments/"):
            return said([_listing([], None), _listing([t for t in self.things if t["kind"] == "t1"], None)])
        return self.listing(asked)

    def create(self, told: dict[str, str]) -> Answer:
        if self.errors:
            return said({"json": {"errors": self.errors}})
        name = self.comment(told["text"], minutes=0, by="acme_help", parent=told["thing_id"])
        return said({"json": {"errors": [], "data": {"things": [self.thing(name)]}}})

    def thing(self, name: str) -> dict[str, Any]:
        return next(thing for thing in self.things if thing["data"]["name"] == name)

    def listing(self, asked: Asked) -> Answer:
        path = asked.path.removesuffix(".rss").rstrip("/")
        rows = sorted(self.things, key=lambda thing: -thing["data"]["created_utc"])
        rows = [thing for thing in rows if self._asked_for(path, thing)][: self.deep]
        names = [thing["data"]["name"] for thing in rows]
        after = asked.query.get("after")
        if after is not None and after not in names:
            rows = []
        elif after is not None and not self.loop:
            rows = rows[names.index(after) + 1 :]
        page = rows[: min(self.page, int(asked.query.get("limit", 25)))]
        more = page[-1]["data"]["name"] if len(rows) > len(page) or (page and self.loop) else None
        if self.shuffle:
            page = page[1::2] + page[::2]
        return rss(page) if asked.path.endswith(".rss") else said(_listing(page, more))

    @staticmethod
    def _asked_for(path: str, thing: dict[str, Any]) -> bool:
        kind, mine = thing["kind"], thing["data"]["author"] == "acme_help"
        called = "u/acme_help" in str(thing["data"].get("body"))
        return {
            "search": kind == "t3", "comments": kind == "t1" and (mine or "/user/" not in path),
            "mentions": kind == "t1" and called, "inbox": kind == "t4" or called, "sent": mine,
        }[path.rpartition("/")[2]]  # fmt: skip

    def _number(self) -> str:
        return f"n{len(self.things):04d}"

    def _add(self, kind: str, by: str, minutes: float, data: dict[str, Any]) -> str:
        number = self._number()
        name = f"{kind}_{number}"
        self.things.append({"kind": kind, "data": {
            "id": number, "name": name, "author": by, "created_utc": round(time.time() - minutes * 60, 1),
            "edited": False, "subreddit": "gadgets", "locked": False, "archived": False,
        } | data})  # fmt: skip
        return name


def said(body: Any, status: int = 200, **headers: str) -> Answer:
    """Answer with JSON as Reddit does, with its numbers of the rate limit."""
    quota = {"x-ratelimit-remaining": "599.0", "x-ratelimit-used": "1", "x-ratelimit-reset": "369"}
    return Answer(
        json.dumps(body), status, {"Content-Type": "application/json; charset=UTF-8"} | quota | headers
    )


def rss(things: list[dict[str, Any]]) -> Answer:
    """Answer with Atom as Reddit does."""
    entries = "".join(
        f"<entry><author><name>/u/{data['author']}</name></author><category term='gadgets' label='r/gadgets'/>"
        f"<content type='html'>{xml(_html(data))}</content><id>{data['name']}</id>"
        f"<link href='https://www.reddit.com{data['permalink']}'/><updated>{_iso(data['created_utc'])}</updated>"
        f"<title>{xml(str(data.get('title') or '/u/' + data['author'] + ' on ' + data['link_title']))}</title></entry>"
        for data in (thing["data"] for thing in things)
    )
    return Answer(
        f"<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'><title>r</title>{entries}</feed>",
        headers={"Content-Type": "application/atom+xml; charset=UTF-8"},
    )


def _html(data: dict[str, Any]) -> str:
    text = escape(str(data.get("body") or data.get("selftext") or ""))
    tail = (
        " &#32; submitted by &#32; <a href='https://www.reddit.com/user/x'> /u/x </a>"
        if "title" in data
        else ""
    )
    return f'<!-- SC_OFF --><div class="md"><p>{text}</p>\n</div><!-- SC_ON -->{tail}'


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(seconds))


def _listing(children: list[dict[str, Any]], after: str | None) -> dict[str, Any]:
    return {
        "kind": "Listing",
        "data": {"children": children, "after": after, "before": None, "dist": len(children)},
    }
