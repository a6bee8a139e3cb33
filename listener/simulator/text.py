"""A status as Mastodon writes and counts it: plain text to HTML, hashtags, mentions, length. No state."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import regex

LONGEST = 500
URL_LENGTH = 23
_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]'\u2019»]", re.IGNORECASE)
_MENTION = re.compile(
    r"(?<![\w/@])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(?:@([a-z0-9](?:[\w.-]*\w)?(?::\d+)?))?", re.IGNORECASE
)
_REDDITOR = re.compile(r"(?<![\w/])/?u/([a-z0-9_-]{3,20})", re.IGNORECASE)
HANDLES = "example.test"  # what a handle on the simulated Bluesky ends with
_TAG = re.compile(r"(?<![\w/#&])#([^\W\d]\w*|\d+[^\W\d]\w*)")
_PIECE = re.compile(
    f"(?P<url>{_URL.pattern})|(?P<mention>{_MENTION.pattern})|(?P<tag>{_TAG.pattern})", re.IGNORECASE
)
_CLUSTER = regex.compile(r"\X")
_SHOWN = 30

Resolve = Callable[[str, str], tuple[str, str] | None]
"""(username, host) to (handle without host, address of the profile), or None for nobody known."""


def length(text: str) -> int:
    """Count a status: grapheme clusters, a link as 23, `@name@host` as `@name`."""
    shown = _MENTION.sub(lambda found: f"@{found[1]}", _URL.sub("x" * URL_LENGTH, text))
    return len(_CLUSTER.findall(shown))


def tags(text: str) -> list[str]:
    """Return the hashtags without `#`, lower case, each once, in order."""
    found = (match["tag"] for match in _PIECE.finditer(text) if match["tag"])
    return list(dict.fromkeys(tag[1:].casefold() for tag in found))


def mentioned(text: str) -> list[tuple[str, str]]:
    """Return (username, host or "") of everybody the text mentions, lower case, each once."""
    found = []
    for match in _PIECE.finditer(text):
        if match["mention"]:
            name, _, host = match["mention"][1:].partition("@")
            found.append((name.casefold(), host.casefold()))
    return list(dict.fromkeys(found))


def addressed(text: str, platform: str) -> list[tuple[str, str]]:
    """Return (username, host or "") of whom a text names in the way of its platform; in reviews and mails nobody."""
    if platform == "reddit":
        return list(dict.fromkeys((name.casefold(), "") for name in _REDDITOR.findall(text)))
    if platform not in {"mastodon", "x", "bluesky"}:
        return []
    found = mentioned(text)
    if platform == "bluesky":
        found = [(name.removesuffix(f".{HANDLES}"), host) for name, host in found]
    return list(dict.fromkeys(found))


def to_html(text: str, base: str, resolve: Resolve) -> str:
    """Return the HTML of a status: paragraphs, line breaks, links for what can be linked; everything else escaped."""
    paragraphs = [part for part in re.split(r"\n{2,}", text.strip("\n")) if part]
    return "".join(f"<p>{_linked(part, base, resolve)}</p>" for part in paragraphs)


def _linked(text: str, base: str, resolve: Resolve) -> str:
    done, at = [], 0
    for match in _PIECE.finditer(text):
        done.append(_plain(text[at : match.start()]))
        at = match.end()
        if match["url"]:
            done.append(_link(match["url"]))
        elif match["tag"]:
            tag = match["tag"][1:]
            done.append(
                f'<a href="{base}/tags/{escape(tag.casefold())}" class="mention hashtag" rel="tag">'
                f"#<span>{escape(tag)}</span></a>"
            )
        else:
            done.append(_mention(match["mention"], resolve))
    done.append(_plain(text[at:]))
    return "".join(done)


def _plain(text: str) -> str:
    return escape(text, quote=True).replace("&#x27;", "&#39;").replace("\n", "<br />")


def _link(url: str) -> str:
    scheme, _, rest = url.partition("://")
    more = rest[_SHOWN:]
    tail = f'<span class="invisible">{escape(more)}</span>' if more else '<span class="invisible"></span>'
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{escape(scheme)}://</span>'
        f'<span class="{"ellipsis" if more else ""}">{escape(rest[:_SHOWN])}</span>{tail}</a>'
    )


def _mention(written: str, resolve: Resolve) -> str:
    name, _, host = written[1:].partition("@")
    known = resolve(name.casefold(), host.casefold())
    if known is None:
        return escape(written)
    handle, url = known
    return (
        f'<span class="h-card" translate="no"><a href="{escape(url)}" class="u-url mention">'
        f"@<span>{escape(handle)}</span></a></span>"
    )
