"""The registry: one line per channel. Classes are imported only when asked for, so that nobody pays for all."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from listener.channels.base import Channel

KINDS: dict[str, str] = {
    "mastodon": "listener.channels.mastodon:Mastodon",
    "x": "listener.channels.x:X",
    "reddit": "listener.channels.reddit:Reddit",
    "bluesky": "listener.channels.bluesky:Bluesky",
    "email": "listener.channels.email:Email",
    "discourse": "listener.channels.discourse:Discourse",
    "telegram": "listener.channels.telegram:Telegram",
    "whatsapp": "listener.channels.whatsapp:WhatsApp",
    "facebook": "listener.channels.facebook:Facebook",
    "instagram": "listener.channels.instagram:Instagram",
    "hackernews": "listener.channels.hackernews:HackerNews",
    "feed": "listener.channels.feed:Feed",
    "webhook": "listener.channels.webhook:Webhook",
    "file": "listener.channels.file:File",
    "appstore": "listener.channels.appstore:AppStore",
    "googleplay": "listener.channels.googleplay:GooglePlay",
    "trustpilot": "listener.channels.trustpilot:Trustpilot",
    "youtube": "listener.channels.youtube:YouTube",
    "googlebusiness": "listener.channels.googlebusiness:GoogleBusiness",
}


def channel_type(kind: str) -> type[Channel[Any]]:
    """Return the class of a kind. Raises KeyError with the known kinds in its text."""
    try:
        module, name = KINDS[kind].split(":")
    except KeyError:
        message = f"unknown channel {kind!r}; known: {', '.join(sorted(KINDS))}"
        raise KeyError(message) from None
    found: type[Channel[Any]] = getattr(import_module(module), name)
    return found
