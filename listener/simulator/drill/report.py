"""The scorecard as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from listener.simulator.drill.score import Group, Scorecard, cut

_SHOWN = 60  # characters of a post

_HEADS = (
    "",
    "posts",
    "need answer",
    "answered",
    "in time",
    "missed",
    "open",
    "wrong",
    "median",
    "90 %",
    "target",
)


def report(card: Scorecard) -> str:
    """Return the scorecard in lines of text, ready to print."""
    return "\n".join(_lines(card))


def duration(seconds: int | None) -> str:
    """Return "1 h 05", "3 min", "40 s", or a dash when there is none."""
    if seconds is None:
        return "-"
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"  # noqa: PLR2004


def criticals(card: Scorecard) -> str:
    """Say in a sentence whether the critical posts came first."""
    if card.criticals_first is None:
        if card.over and not card.total.answered:
            return "nothing was answered"
        return "no critical post, or no answer yet"
    if card.criticals_first:
        return "yes"
    count = len(card.overtaken)
    answers = "1 answer to a lesser post" if count == 1 else f"{count} answers to lesser posts"
    return f"no: {answers} while a critical one waited"


def _lines(card: Scorecard) -> Iterator[str]:
    yield f"Scorecard of the drill {card.scenario}: {duration(card.at_s)} of {duration(card.length_s)}" + (
        "" if card.over else " (not over yet)"
    )
    pace = "as fast" if card.speed == 1 else f"{card.speed:g} times as fast"
    yield f"Times are of the simulator's clock, which ran {pace} as yours."
    yield ""
    yield from _table(
        [_cells("all", card.total)]
        + [_cells(f"level {group.name}", group) for group in card.levels]
        + [_cells(group.name, group) for group in card.platforms]
    )
    yield ""
    yield f"Criticals first: {criticals(card)}"
    for one in card.overtaken:
        waiting = ", ".join(f"#{number}" for number in one["waiting"])
        yield f"  {_brief(one)}: answered at {duration(one['answered_s'])} while {waiting} waited"
    yield f"Missed: {len(card.missed) or 'none'}"
    yield from (f"  {_brief(one)}" for one in card.missed)
    yield f"Wrongly answered: {len(card.wrong) or 'none'}"
    for one in card.wrong:
        yield f"  {_brief(one)}"
        yield from (f"    {reason['code']}: {reason['text']}" for reason in one["reasons"])
    if card.waiting:
        yield f"Still in time: {len(card.waiting)}"
        yield from (f"  {_brief(one)}" for one in card.waiting)


def _cells(name: str, group: Group) -> tuple[str, ...]:
    counts = (
        group.arrived, group.needing, group.answered, group.in_time, group.missed, group.waiting, group.wrong,
    )  # fmt: skip
    times = (group.median_s, group.p90_s, group.target_s)
    return (name, *map(str, counts), *map(duration, times))


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    cells = [_HEADS, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADS))]
    for row in cells:
        first, *rest = (
            (cell.ljust if column == 0 else cell.rjust)(widths[column]) for column, cell in enumerate(row)
        )
        yield "  ".join((first, *rest)).rstrip()


def _brief(one: Mapping[str, Any]) -> str:
    text = cut(str(one["text"]), _SHOWN)
    return f"#{one['post']} level {one['level']} {one['platform']} ({one['language']}) {text}"
