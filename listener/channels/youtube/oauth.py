"""The log-in of a Google account for YouTube; without a channel to read it is the account's own."""

from __future__ import annotations

from typing import ClassVar

from listener.google import GoogleConnector
from listener.http import Http
from listener.oauth.platform import Connected, ConnectError, Given, usual
from listener.tokens import REFRESH_TOKEN, Granted, object_of

API_URL = "https://youtube.googleapis.com"


class YouTubeConnector(GoogleConnector):
    """The flow of a Google account that has a channel."""

    brings: ClassVar[dict[str, str]] = {REFRESH_TOKEN: "to-be-brought", "channel_id": "UC-to-be-found"}

    def complete(self, http: Http, given: Given, granted: Granted) -> Connected:
        """Keep the refresh token; name the account's channel where none was named. Raises ChannelError."""
        found = super().complete(http, given, granted)
        if given.get("channel_id") or given.get("video_ids"):
            return found
        said = object_of(
            http.get(
                f"{usual(given, 'base_url', API_URL)}/youtube/v3/channels",
                params={"part": "id", "mine": "true"},
                headers={"Authorization": f"Bearer {granted.access_token}"},
            )
        )
        items = said.get("items") or []
        if not items:
            raise ConnectError(
                "this Google account has no YouTube channel. Connect with the brand's account, or set video_ids"
            )
        return Connected({**found.options, "channel_id": str(items[0]["id"])}, granted)


CONNECTOR = YouTubeConnector(API_URL, "https://www.googleapis.com/auth/youtube.force-ssl")
