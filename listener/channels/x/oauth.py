"""X's OAuth 2.0: a user token with PKCE; access tokens live two hours, a refresh token works once.

https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token . A public client has no secret.
"""

from __future__ import annotations

from typing import ClassVar

from listener.oauth.platform import Connector, Given, Platform, usual

API_URL = "https://api.x.com"
SCOPES = ("tweet.read", "tweet.write", "users.read", "offline.access")


class XConnector(Connector):
    """The flow of an account on X."""

    optional: ClassVar[tuple[str, ...]] = ("client_secret",)

    def platform(self, given: Given) -> Platform:
        """Return X, or what stands in for it at `base_url`."""
        base = usual(given, "base_url", API_URL)
        return Platform(
            title="X",
            authorize_url="https://x.com/i/oauth2/authorize"
            if base == API_URL
            else f"{base}/i/oauth2/authorize",
            token_url=f"{base}/2/oauth2/token",
            client_id=str(given.get("client_id") or ""),
            client_secret=str(given.get("client_secret") or ""),
            scopes=SCOPES,
            basic=True,
        )
