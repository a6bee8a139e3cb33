"""Charts of pages as inline SVG, drawn here; every page puts a table with the same numbers behind each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from listener import i18n

WIDTH, HEIGHT = 720, 220
FOOT, SIDE, HEAD = 26, 36, 10


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar: its name and three parts."""

    name: str
    bad: int
    mid: int
    good: int

    @property
    def all(self) -> int:
        """The height of the whole bar."""
        return self.bad + self.mid + self.good


def scale(most: int) -> int:
    """Return the even number of two leading digits at most on which an axis ends, so that its half is whole too."""
    unit = 10 ** max(0, len(str(most)) - 2)
    steps = -(-most // (2 * unit))
    return int(2 * unit * steps)


def stacks(bars: Sequence[Stack], title: str) -> Markup:
    """Draw stacked bars, negative at the bottom; reads from the side where the language begins."""
    top = scale(max([bar.all for bar in bars] + [1]))
    room = HEIGHT - FOOT - HEAD
    step = (WIDTH - SIDE) / max(len(bars), 1)
    wide = min(step * 0.68, 46)
    every = -(-len(bars) // 10)  # at most ten names, or they run into each other
    mirrored = i18n.direction() == "rtl"
    parts: list[str] = []
    for number, bar in enumerate(bars):
        middle = SIDE + step * (number + 0.5)
        x = (WIDTH - middle if mirrored else middle) - wide / 2
        y = float(HEIGHT - FOOT)
        for kind, value in (("bad", bar.bad), ("mid", bar.mid), ("good", bar.good)):
            high = room * value / top
            y -= high
            if value:
                parts.append(
                    f'<rect class="bar-{kind}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'
                )
        if number % every == 0:
            parts.append(
                f'<text x="{x + wide / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(bar.name)}</text>'
            )
    edge = WIDTH - SIDE if mirrored else SIDE
    for share in (0, 0.5, 1):
        y = HEIGHT - FOOT - room * share
        ends = (0, WIDTH - SIDE) if mirrored else (SIDE, WIDTH)
        opacity = 0.25 if share else 0.9
        parts.append(
            f'<line class="axis" x1="{ends[0]}" x2="{ends[1]}" y1="{y:.1f}" y2="{y:.1f}" opacity="{opacity}"/>'
        )
        if share:
            anchor = "start" if mirrored else "end"
            parts.append(
                f'<text x="{edge + (6 if mirrored else -6)}" y="{y + 4:.1f}" text-anchor="{anchor}" direction="ltr">'
                f"{i18n.format_number(round(top * share))}</text>"
            )
    return Markup(  # noqa: S704 - numbers are ours, names are escaped above
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
