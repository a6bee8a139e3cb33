"""Mastodon's streaming API: mentions of us and hashtags, over one WebSocket that subscribes to each of them.

https://docs.joinmastodon.org/methods/streaming/ (several subscriptions on one connection since 3.3; a log-in is needed
since 4.2). Search cannot be streamed: words that are no hashtag are left to the polls. Nothing is sent again after a
pause, hence no cursor. The server pings, and answers our pings: silence alone means that nobody said anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from threading import Event
from typing import TYPE_CHECKING, Any

from listener import unreadable
from listener.channels.base import Gone, Listen, Page, Post
from listener.channels.mastodon.client import spoken
from listener.channels.mastodon.posts import post_of
from listener.channels.mastodon.streams import tags
from listener.errors import ChannelError, HttpError
from listener.http.wires import gather

if TYPE_CHECKING:
    from listener.channels.mastodon import Mastodon

PATH = "/api/v1/streaming"
PULSE = 1.0  # seconds
_SOCKETS = {"http://": "ws://", "https://": "wss://"}


def live(channel: Mastodon, what: Listen, stop: Event) -> Iterator[Page]:
    """Yield what is streamed. Raises ChannelError."""
    token = channel.options.access_token
    wanted = _wanted(channel, what)
    if token is None:
        raise ChannelError(
            "streams need a log-in: this source has no access_token",
            permanent=True,
            hint="Set access_token, or switch stream off.",
        )
    if not wanted:
        raise ChannelError(
            "nothing to stream: mentions are switched off, and the query has no word that could be a hashtag",
            permanent=True,
            hint="Switch mentions on, add tags=… to the source, or switch stream off.",
        )
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    with channel.http.websocket(address(channel) + PATH, headers=headers) as wire:
        for subscription in wanted:
            wire.send(json.dumps({"type": "subscribe", **subscription}))
        yield Page((), None)
        while not stop.is_set():
            found = [_read(channel, text) for text in gather(wire, PULSE)]
            posts = [item for item in found if isinstance(item, Post)]
            yield Page(posts, None, gone=[item for item in found if isinstance(item, Gone)])


def address(channel: Mastodon) -> str:
    """Return where the instance streams: as set, as it says itself, else where its API is. Raises ChannelError."""
    if channel.options.stream_url is None and "stream_url" not in channel.known:
        with spoken(channel.client, "instance"):
            said = channel.client.instance()
        old = (said.get("urls") or {}).get("streaming_api")
        new = ((said.get("configuration") or {}).get("urls") or {}).get("streaming")
        channel.known["stream_url"] = str(new or old or "")
    place = channel.options.stream_url or channel.known["stream_url"] or channel.options.base_url
    for plain, socket in _SOCKETS.items():
        if place.startswith(plain):
            place = socket + place.removeprefix(plain)
    return place.rstrip("/")


def _wanted(channel: Mastodon, what: Listen) -> list[dict[str, str]]:
    options = channel.options
    names = dict.fromkeys([tag.lstrip("#").lower() for tag in options.tags] + tags(what.queries))
    mentions = [{"stream": "user:notification"}] if options.mentions else []
    return mentions + [{"stream": "hashtag", "tag": name} for name in names]


def _read(channel: Mastodon, text: str) -> Post | Gone | None:
    """Return what a message says; None for what is neither a post nor a deletion, or cannot be read."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, Mapping):
        return unreadable.read("mastodon", "stream", _refuse)
    if "error" in said:
        status = said.get("status")
        refused = status in {401, 403}
        raise HttpError(
            f"stream: the instance answered {status or 'an error'} ({str(said['error'])[:200]})",
            permanent=refused,
            attention=status == 401,  # noqa: PLR2004 - HTTP's own number
            status=status if isinstance(status, int) else None,
            hint="Check access_token and its scope read." if refused else "It connects again by itself.",
        )
    return unreadable.read("mastodon", said.get("event"), _item, channel, said)


def _refuse() -> None:
    raise ValueError("not a JSON object")


def _item(channel: Mastodon, said: Mapping[str, Any]) -> Post | Gone | None:
    event, payload = said.get("event"), said.get("payload")
    if event == "delete":
        return Gone(str(payload), channel.instance)
    if event not in {"update", "status.update", "notification"}:
        return None
    body: Any = json.loads(payload) if isinstance(payload, str) else payload
    if event != "notification":
        return post_of(body, instance=channel.instance, ours=channel.ours)
    if body["type"] != "mention" or not body.get("status"):
        return None
    return post_of(body["status"], instance=channel.instance, ours=channel.ours, addressed=True)
