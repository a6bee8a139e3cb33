"""All pretended review and comment platforms by name; those without a key, those that answer, those with one answer."""

from __future__ import annotations

from collections.abc import Callable

from tests.listener.channels.appstore_room import Connect, Feed
from tests.listener.channels.googlebusiness_room import Profile
from tests.listener.channels.googleplay_room import Page, Publisher
from tests.listener.channels.review_room import Platform
from tests.listener.channels.trustpilot_room import Business, Public
from tests.listener.channels.youtube_room import Key, Tube
from tests.listener.web_room import Site

PLATFORMS: dict[str, Callable[[Site], Platform]] = {
    "appstore-feed": Feed,
    "appstore-connect": Connect,
    "googleplay-api": Publisher,
    "googleplay-page": Page,
    "trustpilot": Business,
    "trustpilot-public": Public,
    "googlebusiness": Profile,
    "youtube": Tube,
    "youtube-key": Key,
}
KEYLESS = {"appstore-feed", "googleplay-page", "trustpilot-public", "youtube-key"}
REPLIES = sorted(set(PLATFORMS) - KEYLESS)
ONE_ANSWER = [name for name in REPLIES if not name.startswith("youtube")]
