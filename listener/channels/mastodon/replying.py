"""Answering on Mastodon, once, and finding out afterwards whether an unclear call did post.

https://docs.joinmastodon.org/methods/statuses/#create (Idempotency-Key: the instance returns the first status again
for an hour instead of posting a second).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from listener.channels.base import Absent, Attempt, Post, Sent, Unsure
from listener.channels.mastodon.client import posting, spoken
from listener.channels.mastodon.posts import moment, words
from listener.errors import ChannelError, HttpError

if TYPE_CHECKING:
    from listener.channels.mastodon import Mastodon

CLOCKS = timedelta(minutes=5)  # how far an instance's clock may be off ours
RECENT = 40


def digest(token: str) -> str:
    """Return a short hash that tells two tokens apart without telling either."""
    return "token:" + hashlib.sha256(token.encode()).hexdigest()[:16]


def reply(channel: Mastodon, to: Post, text: str, *, key: str) -> Sent:
    """Post the reply. Raises ChannelError; an HttpError says whether it may have been delivered."""
    visibility = str(to.extra.get("visibility") or to.visibility or "public")
    status = channel.compose(to, text)
    limit = channel.limits()
    if limit.length is not None and (count := limit.measure(status)) > limit.length:
        message = f"{count} characters with the mention in front; {channel.instance} allows {limit.length}"
        raise ChannelError(message, permanent=True, hint="Shorten it.")
    with posting(channel.client, "reply"):
        made = channel.client.status_post(
            status,
            in_reply_to_id=to.id,
            visibility=visibility,
            spoiler_text=to.extra.get("spoiler") or None,
            idempotency_key=key,
        )
    return _sent(made)


def find(channel: Mastodon, attempt: Attempt) -> Sent | Absent | Unsure:
    """Look under the parent and in our own statuses; Absent only when both could be read."""
    mine = str(channel.known.get("id") or "")
    try:
        if not mine:
            channel.learn()
            mine = str(channel.known["id"])
        with spoken(channel.client, "thread"):
            below = list(channel.client.status_context(attempt.to.id)["descendants"])
        with spoken(channel.client, "own statuses"):
            own = list(channel.client.account_statuses(mine, limit=RECENT))
    except ChannelError as error:
        if not isinstance(error, HttpError) or error.status != HTTPStatus.NOT_FOUND:
            return Unsure(str(error))
        try:  # the post was deleted meanwhile: our answer may still stand
            with spoken(channel.client, "own statuses"):
                below, own = [], list(channel.client.account_statuses(mine, limit=RECENT))
        except ChannelError as second:
            return Unsure(str(second))
    hit = _ours(below + own, mine, attempt, channel.compose(attempt.to, attempt.text))
    return _sent(hit) if hit is not None else Absent()


def _ours(
    statuses: Iterable[Mapping[str, Any]], mine: str, attempt: Attempt, text: str
) -> Mapping[str, Any] | None:
    """Return our status in reply to the post, made since the attempt, with its words."""
    wanted = _bare(text)
    earliest = attempt.since - CLOCKS
    for status in statuses:
        made = moment(status.get("created_at"))
        if (
            str(status["account"]["id"]) == mine
            and str(status.get("in_reply_to_id") or "") == attempt.to.id
            and (made is None or made >= earliest)
            and _bare(words(status)) == wanted
        ):
            return status
    return None


def _bare(text: str) -> str:
    """Return letters and digits only, without hosts of mentions: instances rewrite links, spaces and handles."""
    kept = [
        word.partition("@")[0] if not word.startswith("@") else word[1:].partition("@")[0]
        for word in text.split()
    ]
    return "".join(letter for letter in "".join(kept).casefold() if letter.isalnum())


def _sent(status: Mapping[str, Any]) -> Sent:
    made = status.get("created_at")
    at = made if isinstance(made, datetime) else moment(made)
    return Sent(id=str(status["id"]), url=status.get("url") or status.get("uri"), at=at)
