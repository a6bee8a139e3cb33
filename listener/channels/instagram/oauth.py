"""Instagram's two log-ins: by Facebook, through the page that the account belongs to, or its own.

Its own gives a token of 60 days that renews itself from its second day on and cannot be renewed once it has ended:
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login . The two
exchanges of its own log-in are GETs with the tokens in the address, as Instagram wants it; nothing logs addresses here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from listener import tokens
from listener.errors import HttpError
from listener.http import Http
from listener.meta.graph import refused
from listener.meta.oauth import Choice, MetaConnector
from listener.oauth.platform import Connected, Given, Platform, usual
from listener.tokens import ACCESS_TOKEN, Granted, Renewal

OWN = "https://graph.instagram.com"
OWN_AUTHORIZE = "https://www.instagram.com/oauth/authorize"
OWN_TOKEN = "https://api.instagram.com/oauth/access_token"  # noqa: S105 - an address
OWN_SCOPES = (
    "instagram_business_basic",
    "instagram_business_manage_comments",
    "instagram_business_manage_messages",
)


class InstagramConnector(MetaConnector):
    """The flow of a professional account."""

    brings: ClassVar[dict[str, str]] = {ACCESS_TOKEN: "to-be-brought", "account_id": "to_be_found"}
    option: ClassVar[str] = "account_id"
    fields: ClassVar[str] = "id,name,access_token,instagram_business_account{id,username}"
    scopes: ClassVar[tuple[str, ...]] = (
        "pages_show_list",
        "pages_read_engagement",
        "pages_manage_metadata",
        "instagram_basic",
        "instagram_manage_comments",
        "instagram_manage_messages",
    )

    def choice(self, page: Mapping[str, Any]) -> Choice | None:
        """Return the professional account of a page; the page's token speaks for it."""
        account, token = page.get("instagram_business_account"), page.get(ACCESS_TOKEN)
        if not isinstance(account, Mapping) or not token:
            return None
        return Choice(str(account["id"]), str(account.get("username") or page.get("name")), str(token))

    def platform(self, given: Given) -> Platform:
        """Return Instagram's own log-in where `base_url` is its own, else Facebook's."""
        if not own(given):
            return super().platform(given)
        return Platform(
            title="Instagram",
            authorize_url=OWN_AUTHORIZE,
            token_url=OWN_TOKEN,
            client_id=str(given.get("app_id") or ""),
            client_secret=str(given.get("app_secret") or ""),
            scopes=OWN_SCOPES,
            separator=",",
            pkce=False,
        )

    def complete(self, http: Http, given: Given, granted: Granted) -> Connected:
        """Buy the long-lived token and find out whose it is. Raises ConnectError, ChannelError."""
        if not own(given):
            return super().complete(http, given, granted)
        asked = {
            "grant_type": "ig_exchange_token",
            "client_secret": str(given.get("app_secret") or ""),
            "access_token": granted.access_token,
        }
        lasting = _lasting(http, "/access_token", asked)
        found: dict[str, str | None] = {ACCESS_TOKEN: lasting.access_token}
        if not given.get("account_id"):
            headers = {"Authorization": f"Bearer {lasting.access_token}"}
            me = tokens.object_of(http.get(f"{OWN}/me", params={"fields": "user_id"}, headers=headers))
            found["account_id"] = str(me.get("user_id") or me.get("id") or "")
        return Connected(found, lasting)


def own(given: Given) -> bool:
    """Return whether Instagram's own log-in is used."""
    return usual(given, "base_url", "") == OWN


def renewal(http: Http, token: str) -> Renewal:
    """Return how a token of Instagram's own log-in is renewed: with itself."""
    return Renewal(
        shelf=f"instagram {tokens.digest(token)}",
        option=ACCESS_TOKEN,
        spent=token,
        ask=lambda value: _lasting(
            http, "/refresh_access_token", {"grant_type": "ig_refresh_token", "access_token": value}
        ),
    )


def _lasting(http: Http, path: str, asked: Mapping[str, str]) -> Granted:
    answer = http.request("GET", OWN + path, params=dict(asked), judge=_judge)
    said = tokens.object_of(answer)
    if not said.get(ACCESS_TOKEN):
        raise HttpError("Instagram answered without a token", delivered=False)
    return Granted(str(said[ACCESS_TOKEN]), float(said.get("expires_in") or 0) or 60 * 86400.0)


def _judge(answer: Any) -> None:
    if answer.status_code >= 400:  # noqa: PLR2004 - an HTTP status
        error = refused(answer)
        error.delivered = False
        raise error
