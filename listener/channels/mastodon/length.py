"""How Mastodon counts a status: grapheme clusters, a URL as 23, `@name@host` as `@name`.

Source: app/validators/status_length_validator.rb and the instance's configuration.statuses.
"""

from __future__ import annotations

import re

import regex

URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]'\u2019\u00bb]", re.IGNORECASE)
REMOTE = re.compile(r"(?<![\w/])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)@[\w.-]+\w", re.IGNORECASE)
_CLUSTER = regex.compile(r"\X")


def measure(text: str, *, url_length: int = 23) -> int:
    """Return the length of a status in the instance's unit."""
    shown = REMOTE.sub(r"@\1", URL.sub("x" * url_length, text))
    return len(_CLUSTER.findall(shown))
