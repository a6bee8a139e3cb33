"""com.atproto.repo.*: the account's own records. What was created is here at once, whatever the app view shows."""

from __future__ import annotations

from typing import Any

import regex
from flask import request

from listener.simulator.api import asking
from listener.simulator.bluesky import names, shapes
from listener.simulator.bluesky.asked import failed, me, page, routes
from listener.simulator.model import Account, Post

GRAPHEMES, BYTES = 300, 3000
_CLUSTER = regex.compile(r"\X")


@routes.post("/com.atproto.repo.createRecord")
def create_record() -> dict[str, Any]:
    """Post; a key that is taken is an error of the server, as on the real ones."""
    who, told, world = me(), request.get_json(silent=True), asking.world()
    told = told if isinstance(told, dict) else {}
    record = told.get("record")
    if (
        not isinstance(record, dict)
        or told.get("collection") != names.POST
        or told.get("repo") != names.did_of(who)
    ):
        raise failed("InvalidRequest", "Invalid record")
    text, key = str(record.get("text") or ""), str(told.get("rkey") or "")
    if len(_CLUSTER.findall(text)) > GRAPHEMES or len(text.encode()) > BYTES:
        raise failed("InvalidRequest", f"Record/text must not be longer than {GRAPHEMES} graphemes")
    with world.lock:
        if key and world.named(names.BLUESKY, key) is not None:
            raise failed("InternalServerError", "Internal Server Error", 500)
        parent = _parent(record)
        made = world.publish(who, text, parent=parent, platform=names.BLUESKY, name=key, by_token=True)
    asking.published()
    return {**names.reference(made), "validationStatus": "valid"}


@routes.get("/com.atproto.repo.getRecord")
def get_record() -> dict[str, Any]:
    """One record of an account."""
    uri = f"at://{_repo_did()}/{names.POST}/{request.args.get('rkey', '')}"
    post = names.post_at(asking.world(), uri)
    if post is None:
        raise failed("RecordNotFound", f"Could not locate record: {uri}")
    return shapes.kept(post, asking.world())


@routes.get("/com.atproto.repo.listRecords")
def list_records() -> dict[str, Any]:
    """The records of an account, newest first."""
    world, did = asking.world(), _repo_did()
    with world.lock:
        posts = [post for post in world.on(names.BLUESKY) if names.did_of(post.account) == did]
    shown, cursor = page(posts)
    return {"records": [shapes.kept(post, world) for post in shown], **cursor}


def _repo_did() -> str:
    found: Account | None = names.account(asking.world(), request.args.get("repo", ""))
    if found is None:
        raise failed("RepoNotFound", "Could not find repo")
    return names.did_of(found)


def _parent(record: dict[str, Any]) -> Post | None:
    """Return what a record answers; a server does not check that it is still there, and a lost one is no parent."""
    reply = record.get("reply")
    parent = reply.get("parent") if isinstance(reply, dict) else None
    return names.post_at(asking.world(), str(parent.get("uri"))) if isinstance(parent, dict) else None
