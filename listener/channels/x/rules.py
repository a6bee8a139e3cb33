"""The rules of X's filtered stream: what a brand's queries need, and how the app's list is brought to it.

https://docs.x.com/x-api/posts/filtered-stream . Rules belong to the app and outlive a connection. Ours carry a tag of
ours and of the source; rules without it are somebody else's and are never touched. What is missing is added before we
connect, because X refuses a stream without rules; what is left over of ours goes once we are connected, because then
nobody else of ours is: an app has one connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from listener.channels.base import Listen
from listener.channels.x.posts import listed
from listener.channels.x.searches import searches
from listener.errors import HttpError

if TYPE_CHECKING:
    from listener.channels.x import X

PATH = "/2/tweets/search/stream/rules"
TAG = "allears:"


def wanted(channel: X, what: Listen) -> list[str]:
    """Return the rules that together match what the source listens to."""
    options, handle = channel.options, channel.handle
    only = "" if options.reposts else " -is:retweet"
    found = [f"@{handle}{only}"] if handle and options.mentions else []
    if options.search:
        found += searches(what.queries, without=handle, reposts=options.reposts)
        found += [f"from:{handle}{only}"] if handle else []  # a colleague's answer on X stops the clock
    return list(dict.fromkeys(found))


class Rules:
    """The rules of one source on X."""

    def __init__(self, channel: X, what: Listen, headers: Mapping[str, str]) -> None:
        self._channel, self._headers = channel, headers
        self._tag = f"{TAG}{what.key}"
        self.values = wanted(channel, what)
        self.ids: frozenset[str] = frozenset()  # of the rules whose posts are for us
        self._added: list[str] = []
        self._left_over: list[str] = []

    def complete(self) -> None:
        """Add what is missing. Raises HttpError, also where X does not take a rule."""
        there = self._read()
        missing = [value for value in self.values if value not in there.values()]
        if missing:
            told = self._post({"add": [{"value": value, "tag": self._tag} for value in missing]})
            refused = [
                item for item in listed(told.get("errors")) if "Duplicate" not in str(item.get("title"))
            ]
            if refused:
                raise HttpError(
                    f"rules: X does not take {len(refused)} of the rules ({_words(refused[0])})",
                    permanent=True,
                    hint="Make the brand's query simpler, or switch stream off: the polls hear it anyway.",
                )
            before = set(there)
            there = self._read()
            self._added = [number for number in there if number not in before]
        self.ids = frozenset(number for number, value in there.items() if value in self.values)

    def take_back(self) -> None:
        """Remove what was just added: another connection of the app would be billed for it. Raises HttpError."""
        self._remove(self._added)

    def tidy(self) -> None:
        """Remove rules of ours that are no longer wanted. Raises HttpError."""
        self._remove(self._left_over)

    def _read(self) -> dict[str, str]:
        """Return the app's rules, id → value, and note which of ours are left over."""
        answer = self._channel.http.get(
            self._channel.options.base_url + PATH, headers=self._headers, judge=self._judge()
        )
        rules = listed(self._object(answer).get("data"))
        there = {str(rule.get("id")): str(rule.get("value")) for rule in rules}
        self._left_over = [
            str(rule.get("id"))
            for rule in rules
            if str(rule.get("tag") or "").startswith(TAG) and rule.get("value") not in self.values
        ]
        return there

    def _remove(self, ids: Sequence[str]) -> None:
        if ids:
            self._post({"delete": {"ids": list(ids)}})

    def _post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        url = self._channel.options.base_url + PATH
        answer = self._channel.http.request(
            "POST", url, json=body, headers=self._headers, judge=self._judge()
        )
        return self._object(answer)

    @staticmethod
    def _judge() -> Any:
        from listener.channels.x.client import judge  # noqa: PLC0415 - tweepy is loaded by those who use it

        return judge("rules")

    @staticmethod
    def _object(answer: Any) -> Mapping[str, Any]:
        from listener.channels.x.client import unreadable  # noqa: PLC0415 - as above

        try:
            said = answer.json()
        except ValueError as error:
            raise unreadable("rules") from error
        if not isinstance(said, Mapping):
            raise unreadable("rules")
        return said


def _words(error: Mapping[str, Any]) -> str:
    details = error.get("details")
    first = details[0] if isinstance(details, list) and details else error.get("detail") or error.get("title")
    return " ".join(str(first).split())[:200]
