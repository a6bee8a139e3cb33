"""Words near each other, counted in the words between them; sorted places in, one pass over them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def close(slots: Sequence[tuple[Sequence[int], int]], within: int) -> bool:
    """Return whether a window with at most `within` further words holds each slot's word as often as it is asked for.

    A slot is (places of a word, how often). A place serves one slot only, so `"so so"~3` needs the word twice.
    """
    if not all(places for places, _ in slots):
        return False
    events = sorted((place, slot) for slot, (places, _) in enumerate(slots) for place in places)
    asked = sum(times for _, times in slots)
    shared = len({place for place, _ in events}) < len(events)  # wildcards may claim the same word twice
    seen = [0] * len(slots)
    missing, start = len(slots), 0
    for place, slot in events:
        seen[slot] += 1
        missing -= seen[slot] == slots[slot][1]
        while events[start][0] <= place - asked - within:
            old = events[start][1]
            missing += seen[old] == slots[old][1]
            seen[old] -= 1
            start += 1
        if not missing and (not shared or _enough_places(slots, events[start][0], place, asked)):
            return True
    return False


def near(left: Sequence[tuple[int, int]], right: Sequence[tuple[int, int]], within: int) -> bool:
    """Return whether a span of each side lies apart by at most `within` words; overlapping ones do not count."""
    return _follows(left, right, within) or _follows(right, left, within)


def _follows(ahead: Sequence[tuple[int, int]], behind: Sequence[tuple[int, int]], within: int) -> bool:
    starts = [start for start, _ in behind]
    for _, end in ahead:
        index = bisect_left(starts, end)
        if index < len(starts) and starts[index] - end <= within:
            return True
    return False


def _enough_places(slots: Sequence[tuple[Sequence[int], int]], first: int, last: int, asked: int) -> bool:
    """Match words to distinct places of the window (augmenting paths; a phrase has few words)."""
    inside = [
        places[bisect_left(places, first) : bisect_left(places, last + 1)][:asked]
        for places, times in slots
        for _ in range(times)
    ]
    if len({place for places in inside for place in places}) < asked:
        return False
    taken: dict[int, int] = {}

    def settle(slot: int, tried: set[int]) -> bool:
        for place in inside[slot]:
            if place in tried:
                continue
            tried.add(place)
            if place not in taken or settle(taken[place], tried):
                taken[place] = slot
                return True
        return False

    return all(settle(slot, set()) for slot in range(len(inside)))
