"""Reddit's OAuth 2.0 for a web app: a permanent refresh token. https://github.com/reddit-archive/reddit/wiki/OAuth2"""

from __future__ import annotations

from listener.http import Http
from listener.oauth.platform import Connected, Connector, Given, Platform, usual
from listener.tokens import REFRESH_TOKEN, Granted

SITE = "https://www.reddit.com"
SCOPES = ("identity", "read", "history", "submit", "privatemessages")


class RedditConnector(Connector):
    """The flow of an account on Reddit."""

    def platform(self, given: Given) -> Platform:
        """Return Reddit, which knows no PKCE and tells apps apart by their secret."""
        base = usual(given, "base_url", SITE)
        return Platform(
            title="Reddit",
            authorize_url=f"{base}/api/v1/authorize",
            token_url=f"{base}/api/v1/access_token",
            client_id=str(given.get("client_id") or ""),
            client_secret=str(given.get("client_secret") or ""),
            scopes=SCOPES,
            pkce=False,
            basic=True,
            extra={"duration": "permanent"},
        )

    def complete(self, http: Http, given: Given, granted: Granted) -> Connected:
        """Keep the refresh token; a password would win over it. praw buys its access tokens itself."""
        found = super().complete(http, given, granted)
        return Connected({"password": None, REFRESH_TOKEN: found.options[REFRESH_TOKEN]})
