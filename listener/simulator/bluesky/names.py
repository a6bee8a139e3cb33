"""DIDs, handles, record keys (https://atproto.com/specs/tid) and at-uris of the world's people and posts. No state."""

from __future__ import annotations

import hashlib
from base64 import b32encode

from listener.simulator.model import Account, Post
from listener.simulator.text import HANDLES
from listener.simulator.world import World

BLUESKY = "bluesky"
POST = "app.bsky.feed.post"
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_DID = "did:plc:"
_DID_LENGTH, _TID_LENGTH = 24, 13


def did_of(who: Account) -> str:
    """Return somebody's lasting id."""
    return _DID + _encoded(int(who.id), _DID_LENGTH)


def handle_of(who: Account) -> str:
    """Return somebody's handle; there are no underscores in domain names."""
    return f"{who.username.replace('_', '-').lower()}.{HANDLES}"


def account(world: World, actor: str) -> Account | None:
    """Return whose DID or handle it is; None for nobody's, or for a deleted account's."""
    if actor.startswith(_DID):
        number = _decoded(actor.removeprefix(_DID))
        found = world.accounts.get(str(number)) if number is not None else None
    else:
        name = actor.lower().removesuffix(f".{HANDLES}")
        found = world.account_named(name) or world.account_named(name.replace("-", "_"))
    return found if found is not None and BLUESKY not in found.left else None


def key_of(post: Post) -> str:
    """Return the record's key: the one its author's client gave, or a TID of its moment."""
    number = post.number
    micros = (number >> 16) * 1000 + (number & 0xFFFF) // 1024
    return post.name or _encoded(micros << 10 | number & 0x3FF, _TID_LENGTH)


def uri_of(post: Post) -> str:
    """Return `at://did/app.bsky.feed.post/key`."""
    return f"at://{did_of(post.account)}/{POST}/{key_of(post)}"


def cid_of(post: Post) -> str:
    """Return what stands for the content."""
    digest = hashlib.sha256(f"{post.id} {post.text}".encode()).digest()
    return "bafyrei" + b32encode(digest).decode().lower().rstrip("=")


def reference(post: Post) -> dict[str, str]:
    """Return a strong reference."""
    return {"uri": uri_of(post), "cid": cid_of(post)}


def post_at(world: World, uri: str) -> Post | None:
    """Return the post of an at-uri, None when it is gone."""
    key = uri.rpartition("/")[2]
    found = world.named(BLUESKY, key)
    number = _decoded(key) if found is None else None
    if number is not None:
        micros = number >> 10
        found = world.post(str(micros // 1000 << 16 | micros % 1000 * 1024 | number & 0x3FF))
    return found if found is not None and not found.deleted and uri_of(found) == uri else None


def _encoded(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (length - 1), -1, -5))


def _decoded(text: str) -> int | None:
    number = 0
    for letter in text:
        digit = _ALPHABET.find(letter)
        if digit < 0:
            return None
        number = number << 5 | digit
    return number
