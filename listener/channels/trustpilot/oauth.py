"""Trustpilot's log-in of a business user: access tokens live 100 hours, refresh tokens 30 days, each works once.

https://documentation-apidocumentation.trustpilot.com/get-started/authentication/grant-type-auth-code . The redirect URI
must be https and is registered with the API key.
"""

from __future__ import annotations

from typing import ClassVar

from listener.oauth.platform import Connector, Given, Platform, usual

API_URL = "https://api.trustpilot.com"
TOKENS = "/v1/oauth/oauth-business-users-for-applications"


class TrustpilotConnector(Connector):
    """The flow of one business user."""

    app: ClassVar[tuple[str, ...]] = ("api_key", "api_secret")

    def platform(self, given: Given) -> Platform:
        """Return Trustpilot, which knows neither scopes nor PKCE."""
        base = usual(given, "base_url", API_URL)
        return Platform(
            title="Trustpilot",
            authorize_url="https://authenticate.trustpilot.com"
            if base == API_URL
            else f"{base}/authenticate",
            token_url=f"{base}{TOKENS}/accesstoken",
            refresh_url=f"{base}{TOKENS}/refresh",
            client_id=str(given.get("api_key") or ""),
            client_secret=str(given.get("api_secret") or ""),
            pkce=False,
            basic=True,
        )
