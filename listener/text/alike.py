"""Same text, nearly the same text: a hash of content, and a 64-bit SimHash (Charikar 2002) of word shingles.

For finding duplicates and for the score cache; neither is a safeguard against somebody who wants a collision.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import blake2b, sha256

from listener.text.letters import fold, words

_BITS = 64
_LANE = 16  # bits of a counter: up to 65,535 shingles
_MOST = 20_000  # shingles looked at
_SHINGLE = 3  # words
_MASKED = re.compile(r"https?://\S+|www\.\S+|[@][\w.@-]+")


def fingerprint(text: str) -> str:
    """Return the SHA-256 (hex) of text regardless of case, compatibility forms and white space."""
    return sha256(" ".join(fold(text).split()).encode("utf-8", "surrogatepass")).hexdigest()


def simhash(text: str) -> int:
    """Return 64 bits of which nearly equal texts share nearly all; handles and addresses count as one word each.

    0 for a text without words.
    """
    folded = fold(text)
    found = words(_MASKED.sub(" xx ", folded))[:_MOST]
    if not found:
        return 0
    if len(found) < _SHINGLE:
        shingles = found
    else:
        shingles = [f"{a} {b} {c}" for a, b, c in zip(found, found[1:], found[2:], strict=False)]
    lanes = _lanes()
    total = 0
    for shingle in shingles:
        digest = blake2b(shingle.encode("utf-8", "surrogatepass"), digest_size=_BITS // 8).digest()
        for table, byte in zip(lanes, digest, strict=True):
            total += table[byte]
    half = len(shingles) // 2
    counters = total.to_bytes(_BITS * _LANE // 8, "little")
    bits = 0
    for bit in range(_BITS):
        if counters[2 * bit] | counters[2 * bit + 1] << 8 > half:
            bits |= 1 << bit
    return bits


def hamming(one: int, other: int) -> int:
    """Return in how many bits two hashes differ: 0 to 3 is the same text with a word changed."""
    return (one ^ other).bit_count()


@cache
def _lanes() -> list[list[int]]:
    """For each byte of a hash: its bits spread out, one counter a bit, so that one addition counts them all."""
    return [
        [sum(1 << (_LANE * (8 * place + bit)) for bit in range(8) if byte >> bit & 1) for byte in range(256)]
        for place in range(_BITS // 8)
    ]
