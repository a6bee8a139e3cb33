"""X's filtered stream: posts that match our rules, as they are posted. Every post that comes is paid for.

https://docs.x.com/x-api/posts/filtered-stream : app-only token, one connection an app, a line of JSON for each post,
an empty line every 20 seconds. What was posted while we were away comes only with a paid option (`backfill_minutes`),
so it is left to the polls. Read by our own guarded client: tweepy's StreamingClient reconnects and sleeps by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from threading import Event
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from listener import log, unreadable
from listener.channels.base import Listen, Page, Post
from listener.channels.x.posts import FIELDS, Included, listed, post_of
from listener.channels.x.rules import Rules
from listener.errors import ChannelError, HttpError
from listener.http.wires import Wire, gather
from listener.pushdown import nothing_to_search

if TYPE_CHECKING:
    from listener.channels.x import X

logger = log.get(__name__)
PATH = "/2/tweets/search/stream"
SILENCE = 45.0  # seconds: two of X's empty lines
PULSE = 1.0
BUSY_WAIT = timedelta(seconds=60)  # X notices late that an earlier connection of ours is gone


def live(channel: X, what: Listen, stop: Event) -> Iterator[Page]:
    """Yield what X sends. Raises ChannelError."""
    token = channel.options.bearer_token
    if token is None:
        raise ChannelError(
            "X streams to an app, not to an account: this source has no bearer_token",
            permanent=True,
            hint="Set bearer_token, or switch stream off.",
        )
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"}
    rules = Rules(channel, what, headers)
    if not rules.values:
        raise nothing_to_search()
    rules.complete()
    with _connected(channel, rules, headers) as wire:
        yield Page((), None)
        rules.tidy()
        while not stop.is_set():
            told = [said for text in gather(wire, PULSE) if (said := _object(text)) is not None]
            billed = [said for said in told if isinstance(said.get("data"), Mapping)]
            yield Page(_posts(channel, rules, billed), None, reads=len(billed))
            for said in told:
                _end(said)


def _connected(channel: X, rules: Rules, headers: Mapping[str, str]) -> Wire:
    from listener.channels.x.client import judge  # noqa: PLC0415 - tweepy is loaded by those who use it

    asked = urlencode({name.replace("_", ".", 1): ",".join(values) for name, values in FIELDS.items()})
    url = f"{channel.options.base_url}{PATH}?{asked}"
    try:
        return channel.http.lines(url, headers=headers, silence=SILENCE, judge=judge("stream"))
    except HttpError as error:
        if error.status == HTTPStatus.TOO_MANY_REQUESTS and "connection" in str(error).lower():
            rules.take_back()
            error.retry_after = BUSY_WAIT
            error.hint = (
                "X allows an app one stream: let one source of this app stream, or wait for the other to end."
            )
        raise


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, Mapping):
        return said
    logger.warning("post.unreadable", channel="x", item="stream", error="no JSON object")
    return None


def _posts(channel: X, rules: Rules, billed: list[Mapping[str, Any]]) -> list[Post]:
    """Return the posts of our rules; what somebody else's rules of the app bring is theirs."""
    found = []
    for said in billed:
        matched = {str(rule.get("id")) for rule in listed(said.get("matching_rules"))}
        if matched and not matched & rules.ids:
            continue
        tweet = said["data"]
        post = unreadable.read("x", tweet.get("id"), post_of, tweet, Included.of(said), ours=channel.ours)
        found += [post] if post is not None else []
    return found


def _end(said: Mapping[str, Any]) -> None:
    """Raise HttpError where X says that it ends the stream (an operational disconnect, a full buffer, a cap)."""
    problems = listed(said.get("errors"))
    if problems and "data" not in said:
        first = problems[0]
        why = " ".join(str(first.get("detail") or first.get("title") or "no reason").split())[:200]
        capped = "usage" in f"{first.get('type')} {first.get('title')} {why}".lower()
        raise HttpError(
            f"stream: X ended it ({why})",
            permanent=capped,
            attention=capped,
            hint="Raise the cap or the plan in X's developer console."
            if capped
            else "It connects again by itself.",
        )
