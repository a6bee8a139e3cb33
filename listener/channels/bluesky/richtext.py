"""Bluesky's text: how long it is, what in it is a link, a mention or a tag, and where, in bytes of UTF-8.

https://docs.bsky.app/docs/advanced-guides/post-richtext . No network; who resolves handles is a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import ceil
from typing import Any

import regex

MOST_GRAPHEMES, MOST_BYTES = 300, 3000
_CLUSTER = regex.compile(r"\X")
_LINK = regex.compile(r"https?://[^\s<>\"]+", regex.IGNORECASE)
_MENTION = regex.compile(
    r"(?<![\p{L}\p{N}_/@.])@((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*)", regex.IGNORECASE
)
_TAG = regex.compile(r"(?<![\p{L}\p{N}_/&])[#\uff03]([^\s#\uff03\p{P}](?:[^\s#\uff03]*[^\s#\uff03\p{P}])?)")
_TAG_LENGTH = 64
_AFTER = ".,;:!?'\"\u2019\u00bb\u201d"  # what ends a sentence is not part of its link


def measure(text: str) -> int:
    """Return the length in graphemes, or a tenth of the bytes where that is more: 300 and 3,000 are allowed."""
    return max(
        len(_CLUSTER.findall(text)),
        ceil(len(text.encode("utf-8", "replace")) / (MOST_BYTES // MOST_GRAPHEMES)),
    )


def facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Return the facets of a text. `resolve(handle)` returns the DID; a handle that nobody has stays plain text."""
    made = [*_links(text), *_tags(text), *_mentions(text, resolve)]
    ordered = sorted(made, key=lambda found: found[0])
    kept: list[dict[str, Any]] = []
    end = -1
    for start, stop, feature in ordered:
        if start < end:
            continue  # a tag inside a link belongs to the link
        end = stop
        index = {"byteStart": _bytes(text[:start]), "byteEnd": _bytes(text[:stop])}
        kept.append({"$type": "app.bsky.richtext.facet", "index": index, "features": [feature]})
    return kept


def expanded(text: str, told: object) -> str:
    """Return the text with the whole address of links that the app shows shortened ("example.com/a/lon…")."""
    raw = text.encode("utf-8", "replace")
    for start, stop, uri in sorted(_shown_links(told), reverse=True):
        shown = raw[start:stop].decode("utf-8", "replace")
        if 0 <= start < stop <= len(raw) and shown.endswith(("...", "\u2026")):
            raw = raw[:start] + uri.encode("utf-8", "replace") + raw[stop:]
    return raw.decode("utf-8", "replace")


def features(told: object) -> Iterator[Mapping[str, Any]]:
    """Yield all features of a record's facets, whatever shape they have."""
    for facet in told if isinstance(told, list) else []:
        found = facet.get("features") if isinstance(facet, Mapping) else None
        yield from (feature for feature in found or [] if isinstance(feature, Mapping))


def _shown_links(told: object) -> Iterator[tuple[int, int, str]]:
    for facet in told if isinstance(told, list) else []:
        index = facet.get("index") if isinstance(facet, Mapping) else None
        uri = next((str(item["uri"]) for item in features([facet]) if item.get("uri")), "")
        if uri and isinstance(index, Mapping):
            start, stop = index.get("byteStart"), index.get("byteEnd")
            if isinstance(start, int) and isinstance(stop, int):
                yield start, stop, uri


def _links(text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    for found in _LINK.finditer(text):
        uri = found[0].rstrip(_AFTER)
        if uri.endswith(")") and "(" not in uri:
            uri = uri[:-1]
        yield found.start(), found.start() + len(uri), {"$type": "app.bsky.richtext.facet#link", "uri": uri}


def _tags(text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    for found in _TAG.finditer(text):
        tag = found[1]
        if not tag.isdigit() and len(_CLUSTER.findall(tag)) <= _TAG_LENGTH:
            yield found.start(), found.end(), {"$type": "app.bsky.richtext.facet#tag", "tag": tag}


def _mentions(text: str, resolve: Callable[[str], str | None]) -> Iterator[tuple[int, int, dict[str, str]]]:
    for found in _MENTION.finditer(text):
        did = resolve(found[1].lower())
        if did:
            yield found.start(), found.end(), {"$type": "app.bsky.richtext.facet#mention", "did": did}


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
