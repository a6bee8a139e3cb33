"""A tiny Bluesky on loopback: one server that keeps records, searches and notifies, in the lexicons' JSON."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.listener.web_room import Answer, Asked, Site

US, PASSWORD = "did:plc:acme", "app-password-sesame"
POST = "app.bsky.feed.post"


@dataclass
class TinyBluesky:
    """`views` newest last. `page` is the most it gives at once; `life`: seconds of an access token."""

    site: Site
    views: list[dict[str, Any]] = field(default_factory=list)
    page: int = 100
    loop: bool = False
    shuffle: bool = False
    life: float = 7200
    log_ins: int = 0
    refreshes: int = 0
    fault: Any = None

    def __post_init__(self) -> None:
        self.site.answer = self.answer

    def publish(self, text: str, *, minutes: float = 1, by: str = "ada", dated: str = "", **more: Any) -> str:
        did = US if by == "acme" else f"did:plc:{by}"
        seen = datetime.now(UTC) - timedelta(minutes=minutes)
        uri = f"at://{did}/{POST}/r{len(self.views):04d}"
        record = {"$type": POST, "text": text, "createdAt": dated or _iso(seen), "langs": ["en"]}
        record |= {name: more.pop(name) for name in ("reply", "facets", "embed") if name in more}
        self.views.append({
            "uri": uri, "cid": f"cid-{len(self.views)}", "record": record, "indexedAt": _iso(seen),
            "author": {"did": did, "handle": f"{by}.example.test", "displayName": by.title(), "viewer": {}},
            "replyCount": 0, "repostCount": 2, "likeCount": 3, "quoteCount": 0, "viewer": {}, "labels": [],
        } | more)  # fmt: skip
        return uri

    def answering(self, uri: str) -> dict[str, Any]:
        view = self.view(uri)
        here = {"uri": uri, "cid": view["cid"]}
        return {"root": view["record"].get("reply", {}).get("root", here), "parent": here}

    def view(self, uri: str) -> dict[str, Any]:
        return next(view for view in self.views if view["uri"] == uri)

    def replies(self) -> list[dict[str, Any]]:
        return [view for view in self.views if view["author"]["did"] == US]

    def calls(self, method: str) -> list[Asked]:
        return [asked for asked in self.site.asked if asked.path.endswith(method)]

    def answer(self, asked: Asked) -> Answer:
        method = asked.path.rpartition("/")[2]
        body = json.loads(asked.body) if asked.body else {}
        if method == "com.atproto.server.createSession":
            return self.log_in(body)
        if method == "com.atproto.server.refreshSession":
            return self.refresh(asked)
        if self.fault is not None and (told := self.fault(asked)) is not None:
            return told
        if not self._valid(asked):
            return error("ExpiredToken", "Token has expired")
        routes = {
            "com.atproto.server.getSession": lambda: said({"did": US, "handle": "acme.example.test"}),
            "com.atproto.identity.resolveHandle": lambda: self.resolve(asked.query["handle"]),
            "com.atproto.repo.createRecord": lambda: self.create(body),
            "com.atproto.repo.getRecord": lambda: self.record(asked.query["rkey"]),
            "com.atproto.repo.listRecords": lambda: said(
                {"records": [_as_record(view) for view in self.replies()]}
            ),
            "app.bsky.feed.getPosts": lambda: said({"posts": self.found(asked)}),
        }
        return routes[method]() if method in routes else self.listing(method, asked)

    def log_in(self, body: dict[str, str]) -> Answer:
        self.log_ins += 1
        if body.get("password") != PASSWORD:
            return error("AuthenticationRequired", "Invalid identifier or password", 401)
        return self._session()

    def refresh(self, asked: Asked) -> Answer:
        self.refreshes += 1
        if asked.headers["authorization"] != "Bearer refresh-sesame":
            return error("ExpiredToken", "Token has been revoked")
        return self._session()

    def create(self, body: dict[str, Any]) -> Answer:
        uri = f"at://{US}/{POST}/{body['rkey']}"
        if any(view["uri"] == uri for view in self.views):
            return error("InternalServerError", "Internal Server Error", 500)
        self.publish(body["record"]["text"], minutes=0, by="acme")
        self.views[-1] |= {"uri": uri, "record": body["record"]}
        return said({"uri": uri, "cid": self.views[-1]["cid"], "validationStatus": "valid"})

    def record(self, rkey: str) -> Answer:
        for view in self.replies():
            if view["uri"].endswith(f"/{rkey}"):
                return said(_as_record(view))
        return error("RecordNotFound", f"Could not locate record: at://{US}/{POST}/{rkey}")

    def found(self, asked: Asked) -> list[dict[str, Any]]:
        return [view for view in self.views if view["uri"] in asked.every["uris"]]

    @staticmethod
    def resolve(handle: str) -> Answer:
        if handle == "ada.example.test":
            return said({"did": "did:plc:ada"})
        return error("InvalidRequest", "Unable to resolve handle")

    def listing(self, method: str, asked: Asked) -> Answer:
        name = method.rpartition(".")[2]
        rows = sorted(self.views, key=lambda view: view["indexedAt"], reverse=True)
        rows = [view for view in rows if self._asked_for(name, asked, view)]
        at = 0 if self.loop else int(asked.query.get("cursor", "0"))
        size = min(self.page, int(asked.query.get("limit", 50)))
        page = rows[at : at + size]
        if self.shuffle:
            page = page[1::2] + page[::2]
        more = {"cursor": str(at + size)} if at + size < len(rows) or self.loop else {}
        shapes = {
            "searchPosts": lambda: {"posts": page},
            "getAuthorFeed": lambda: {"feed": [{"post": view} for view in page]},
            "listNotifications": lambda: {"notifications": [view | {"reason": "mention"} for view in page]},
        }  # fmt: skip
        return said(shapes[name]() | more)

    @staticmethod
    def _asked_for(name: str, asked: Asked, view: dict[str, Any]) -> bool:
        mine = view["author"]["did"] == US
        if name == "listNotifications":
            return f'"{US}"' in json.dumps(view["record"].get("facets", [])) and not mine
        words = asked.query.get("q", "").lower().replace('"', "").split()
        text = view["record"]["text"].lower()
        return mine if name == "getAuthorFeed" else all(word in text for word in words)

    def _session(self) -> Answer:
        payload = (
            base64.urlsafe_b64encode(json.dumps({"exp": time.time() + self.life}).encode())
            .decode()
            .rstrip("=")
        )
        return said({
            "did": US, "handle": "acme.example.test", "active": True,
            "accessJwt": f"head.{payload}.sesame", "refreshJwt": "refresh-sesame",
        })  # fmt: skip

    @staticmethod
    def _valid(asked: Asked) -> bool:
        part = asked.headers.get("authorization", "a.b.c").split(".")[1]
        try:
            return bool(
                json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["exp"] > time.time()
            )
        except ValueError:
            return False


def mention(text: str, handle: str = "@acme.example.test", did: str = US) -> list[dict[str, Any]]:
    """Return the facet of a mention in a text."""
    start = len(text.encode()[: text.encode().index(handle.encode())])
    index = {"byteStart": start, "byteEnd": start + len(handle.encode())}
    return [{"index": index, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": did}]}]


def said(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(json.dumps(body), status, {"Content-Type": "application/json; charset=utf-8"} | headers)


def error(name: str, message: str, status: int = 400, **headers: str) -> Answer:
    return said({"error": name, "message": message}, status, **headers)


def _as_record(view: dict[str, Any]) -> dict[str, Any]:
    return {"uri": view["uri"], "cid": view["cid"], "value": view["record"]}


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
