"""Meta's log-in for pages and professional accounts.

The code buys a user token of an hour; that buys one of 60 days; that lists the pages with tokens of their own, which do
not expire. https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived . Tokens travel in a
header or a body, never in an address of ours.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from listener import tokens
from listener.http import Http
from listener.meta.graph import VERSION, Graph, after, data
from listener.oauth.platform import Connected, ConnectError, Connector, Given, Platform, usual
from listener.tokens import ACCESS_TOKEN, Granted

GRAPH, DIALOG = "https://graph.facebook.com", "https://www.facebook.com"
MANY = 10  # choices that an error names


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be connected: its id, how people know it, and the token that speaks for it."""

    id: str
    name: str
    token: str


class MetaConnector(Connector):
    """The flow of a person who manages pages. `option`: what names one of them; `fields`: what is read of a page."""

    app: ClassVar[tuple[str, ...]] = ("app_id", "app_secret")
    scopes: ClassVar[tuple[str, ...]]
    option: ClassVar[str]
    fields: ClassVar[str]

    @abstractmethod
    def choice(self, page: Mapping[str, Any]) -> Choice | None:
        """Return what of a page is connected, None where it has nothing of the kind."""

    def platform(self, given: Given) -> Platform:
        """Return Facebook's dialog, or what stands in for it at `base_url`."""
        base, version = usual(given, "base_url", GRAPH), str(given.get("api_version") or VERSION)
        return Platform(
            title="Facebook",
            authorize_url=f"{DIALOG if base == GRAPH else base}/{version}/dialog/oauth",
            token_url=f"{base}/{version}/oauth/access_token",
            client_id=str(given.get("app_id") or ""),
            client_secret=str(given.get("app_secret") or ""),
            scopes=self.scopes,
            separator=",",
            pkce=False,
        )

    def complete(self, http: Http, given: Given, granted: Granted) -> Connected:
        """Buy the long-lived token and choose among what it may manage. Raises ConnectError, ChannelError."""
        platform = self.platform(given)
        form = {
            "grant_type": "fb_exchange_token",
            "client_id": platform.client_id,
            "client_secret": platform.client_secret,
            "fb_exchange_token": granted.access_token,
        }
        lasting = tokens.grant(http, platform.token_url, form, title=platform.title)
        graph = Graph(
            http, usual(given, "base_url", GRAPH), lasting.access_token,
            version=str(given.get("api_version") or VERSION), app_secret=platform.client_secret,
        )  # fmt: skip
        found = _chosen([self.choice(page) for page in _pages(graph, self.fields)], given, self.option)
        return Connected({self.option: found.id, ACCESS_TOKEN: found.token})


def _pages(graph: Graph, fields: str) -> Iterator[Mapping[str, Any]]:
    place: str | None = ""
    while place is not None:
        said = graph.read(
            "/me/accounts", {"fields": fields, "limit": "100"} | ({"after": place} if place else {})
        )
        yield from data(said)
        following = after(said)
        place = following if following != place else None


def _chosen(found: Sequence[Choice | None], given: Given, option: str) -> Choice:
    """Return what was named, or the only one there is. Raises ConnectError."""
    there = [one for one in found if one is not None]
    wanted = str(given.get(option) or "")
    fitting = [one for one in there if not wanted or one.id == wanted]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(f"{one.id} ({one.name})" for one in there[:MANY]) or "none"
    if fitting:
        raise ConnectError(
            "set %(option)s to the one to connect. There are: %(listed)s", option=option, listed=listed
        )
    if wanted:
        raise ConnectError(
            "no access was given to %(wanted)s: choose it in the log-in, as somebody who manages it. There are: "
            "%(listed)s",
            wanted=wanted,
            listed=listed,
        )
    raise ConnectError("who logged in manages none, or gave access to none: choose one in the log-in")
