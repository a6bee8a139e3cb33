"""Mastodon's OAuth 2.0: each instance is asked to register us; its tokens do not expire.

https://docs.joinmastodon.org/spec/oauth/ , POST /api/v1/apps. PKCE is understood from 4.3 on and ignored before.
"""

from __future__ import annotations

from typing import ClassVar

from listener.errors import HttpError
from listener.http import Http
from listener.oauth.platform import Connected, ConnectError, Connector, Given, Platform, usual
from listener.tokens import ACCESS_TOKEN, Granted, object_of

INSTANCE = "https://mastodon.social"
SCOPES = ("read", "write:statuses")


class MastodonConnector(Connector):
    """The flow of an account on one instance; nobody has to register anything by hand."""

    app: ClassVar[tuple[str, ...]] = ()
    brings: ClassVar[dict[str, str]] = {ACCESS_TOKEN: "to-be-brought"}

    def platform(self, given: Given) -> Platform:
        """Return the instance, with the application that `prepare` has registered."""
        base = usual(given, "base_url", INSTANCE)
        return Platform(
            title=f"Mastodon ({base.partition('://')[2]})",
            authorize_url=f"{base}/oauth/authorize",
            token_url=f"{base}/oauth/token",
            client_id=str(given.get("client_id") or ""),
            client_secret=str(given.get("client_secret") or ""),
            scopes=SCOPES,
            issuer=base,
        )

    def prepare(self, http: Http, given: Given, redirect_uri: str) -> dict[str, str]:
        """Register an application; the instance throws unused ones away. Raises ConnectError, ChannelError."""
        base = usual(given, "base_url", INSTANCE)
        form = {"client_name": "All Ears", "redirect_uris": redirect_uri, "scopes": " ".join(SCOPES)}
        try:
            said = object_of(http.request("POST", f"{base}/api/v1/apps", data=form))
        except HttpError as error:
            error.hint = error.hint or "Check base_url: it is the address of the instance."
            raise
        if not said.get("client_id") or not said.get("client_secret"):
            raise ConnectError(
                "%(address)s did not register All Ears. Check base_url: it is the address of the instance",
                address=base,
            )
        return {"client_id": str(said["client_id"]), "client_secret": str(said["client_secret"])}

    def complete(self, http: Http, given: Given, granted: Granted) -> Connected:
        """The access token is all there is; it lasts until it is revoked."""
        del http, given
        return Connected({ACCESS_TOKEN: granted.access_token})
