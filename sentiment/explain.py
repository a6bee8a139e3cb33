"""Why a text is urgent: the words without which it would be less so.

Occlusion: phrases are left out one at a time and the text is scored again. A phrase counts as a
reason only if leaving it out lowers the score; nothing is shown that was not tried.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Score = Callable[[Sequence[str]], list[float]]
"""Urgency of texts as a logit: the higher, the more urgent."""

MOST_SPANS = 10
MOST_REASONS = 3
MOST_WORDS = 256
"""No window has more; what comes after is not tried."""
LONG_PHRASE = 4
LONG_JOINED = 8
"""Words up to which neighbouring reasons are shown as one."""
_MASKS = frozenset({"@user", "http"})
"""What the tokenizer puts in the place of handles and links; nobody wrote it."""
_SHARE = 0.35
"""A further reason must matter at least this much as the first."""


@dataclass(frozen=True, slots=True)
class _Span:
    first: int
    last: int
    drop: float


def reasons(text: str, score: Score) -> tuple[str, ...]:
    """At most three phrases of ``text``, the strongest first; () when no phrase lowers the score."""
    words = text.split()[:MOST_WORDS]
    if not words:
        return ()
    whole = score([" ".join(words)])[0]
    size = max(1, -(-len(words) // MOST_SPANS))
    spans = _try(words, _cut(0, len(words), size), whole, score)
    if size > LONG_PHRASE and spans:
        best = spans[0]
        inner = -(-(best.last - best.first) // (MOST_SPANS // 2))
        finer = _try(words, _cut(best.first, best.last, inner), whole, score)
        spans = finer or spans
    if not spans:  # said twice, so that no part alone makes the difference: halves, then all of it
        for part in (-(-len(words) // 2), len(words)):
            spans = spans or _try(words, _cut(0, len(words), part), whole, score)
    if not spans:
        return ()
    chosen = [span for span in spans if span.drop >= _SHARE * spans[0].drop][:MOST_REASONS]
    found = [_phrase(words[span.first : span.last]) for span in _joined(chosen)]
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))


def _phrase(words: Sequence[str]) -> str:
    """What people read: without what stands for a handle or a link at its ends, and without loose commas."""
    first, last = 0, len(words)
    while first < last and words[first] in _MASKS:
        first += 1
    while last > first and words[last - 1] in _MASKS:
        last -= 1
    return " ".join(words[first:last] or words).strip(" ,;:")


def _cut(first: int, last: int, size: int) -> list[tuple[int, int]]:
    return [(start, min(start + size, last)) for start in range(first, last, size)]


def _try(words: Sequence[str], cuts: Sequence[tuple[int, int]], whole: float, score: Score) -> list[_Span]:
    rest = [" ".join([*words[:first], *words[last:]]) for first, last in cuts]
    drops = [whole - value for value in score(rest)]
    spans = [
        _Span(first, last, drop)
        for (first, last), drop in zip(cuts, drops, strict=True)
        if drop > 0 and any(_tells(char) for word in words[first:last] for char in word)
    ]
    return sorted(spans, key=lambda span: -span.drop)


def _tells(char: str) -> bool:
    """True for letters, digits and emoji; a lone comma is no reason."""
    return unicodedata.category(char)[0] in "LNS"


def _joined(spans: Sequence[_Span]) -> list[_Span]:
    """Neighbouring spans as one phrase, in the order of their strongest part."""
    joined: list[_Span] = []
    for span in sorted(spans, key=lambda item: item.first):
        near = joined and joined[-1].last == span.first
        if near and span.last - joined[-1].first <= LONG_JOINED:
            before = joined.pop()
            joined.append(_Span(before.first, span.last, max(before.drop, span.drop)))
        else:
            joined.append(span)
    return sorted(joined, key=lambda span: -span.drop)
