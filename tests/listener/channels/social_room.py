"""The three social platforms in small, alike: how to publish there, what is public, how a reply is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.listener.channels.bluesky_room import PASSWORD, TinyBluesky
from tests.listener.channels.reddit_room import LOGIN, TinyReddit
from tests.listener.channels.x_room import KEYS, TinyX
from tests.listener.web_room import Asked, Site


@dataclass
class Platform:
    """A tiny platform, how to listen to it, how it takes a reply, and what is public there."""

    kind: str
    settings: dict[str, str]
    publish: Callable[[str], str]
    replies: Callable[[], list[str]]
    posts: str
    take: Callable[[Asked], Any]
    tiny: Any


def x(site: Site) -> Platform:
    tiny = TinyX(site)
    return Platform(
        "x", KEYS, tiny.publish, lambda: [made["id"] for made in tiny.replies()], "/2/tweets",
        lambda asked: tiny.create(json.loads(asked.body)), tiny,
    )  # fmt: skip


def reddit(site: Site) -> Platform:
    tiny = TinyReddit(site)
    form: Callable[[Asked], dict[str, str]] = lambda asked: {  # noqa: E731
        name: value[0] for name, value in parse_qs(asked.body.decode()).items()
    }
    return Platform(
        "reddit", LOGIN | {"subreddits": "gadgets"}, tiny.comment, lambda: [made["name"] for made in tiny.replies()],
        "/api/comment/", lambda asked: tiny.create(form(asked)), tiny,
    )  # fmt: skip


def bluesky(site: Site) -> Platform:
    tiny = TinyBluesky(site)
    login = {"handle": "acme.example.test", "app_password": PASSWORD}
    return Platform(
        "bluesky", login, tiny.publish, lambda: [made["uri"] for made in tiny.replies()],
        "/xrpc/com.atproto.repo.createRecord", lambda asked: tiny.create(json.loads(asked.body)), tiny,
    )  # fmt: skip


@pytest.fixture(params=[x, reddit, bluesky], ids=lambda make: make.__name__)
def platform(request: pytest.FixtureRequest, site: Site) -> Platform:
    made: Platform = request.param(site)
    made.settings = {"base_url": site.url} | made.settings
    return made
