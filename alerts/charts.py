"""Charts for mails as PNG: what HTML mail cannot draw by itself.

matplotlib is imported on first use and only where mails are made; drawn with the object interface, never pyplot,
so that two threads do not share a figure. Its own text shaping (3.11) puts Hebrew and Arabic right.
The finding of a chart belongs into its alt text, which the caller writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, DPI = 5.6, 2.2, 200  # inches; 1120 px across for a box of 560: sharp on phones
NEGATIVE, OTHER, INK, MUTED, PAPER = "#c0362c", "#9db4c8", "#1f2933", "#5f6c7b", "#ffffff"
ROOM = 1.22  # of the highest bar, for the number above it


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its short label, all mentions and the negative part of them."""

    label: str
    total: int
    negative: int
    strong: bool = True  # inside the period the mail is about


def bars(days: Sequence[Bar], *, negative: str, other: str, rtl: bool) -> bytes:
    """Draw stacked bars, negative at the bottom, with the total above each. Right to left when the reader reads so.

    Returns a PNG of 1120 x 440 pixels on white, because a picture cannot follow a mail client's dark mode.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - a second, and only for mails
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.patches import Patch  # noqa: PLC0415

    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places = list(range(len(days)))
    bad = [day.negative for day in days]
    rest = [day.total - day.negative for day in days]
    strength = [1.0 if day.strong else 0.45 for day in days]
    below = axes.bar(places, bad, width=0.62, color=NEGATIVE)
    above = axes.bar(places, rest, bottom=bad, width=0.62, color=OTHER)
    for stack in (below, above):
        for patch, alpha in zip(stack.patches, strength, strict=True):
            patch.set_alpha(alpha)
    for place, day in zip(places, days, strict=True):
        axes.annotate(
            str(day.total), (place, day.total), xytext=(0, 2), textcoords="offset points", ha="center", va="bottom",
            fontsize=8.5, color=INK, fontweight="bold" if day.strong else "normal",
        )  # fmt: skip
    axes.set_xticks(places, [day.label for day in days])
    axes.set_ylim(0, max([1, *(day.total for day in days)]) * ROOM)
    _plain(axes)
    if rtl:
        axes.invert_xaxis()
    axes.legend(
        handles=[Patch(color=NEGATIVE, label=negative), Patch(color=OTHER, label=other)],
        loc="upper right" if rtl else "upper left", bbox_to_anchor=(1.0, 1.2) if rtl else (0.0, 1.2), ncols=2,
        frameon=False, fontsize=8.5, labelcolor=MUTED, handlelength=0.9, handleheight=0.9, columnspacing=1.2,
        borderaxespad=0, reverse=rtl, markerfirst=not rtl,
    )  # fmt: skip
    stream = BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None}, facecolor=PAPER)
    return stream.getvalue()


def _plain(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c5ced6")
    axes.tick_params(axis="x", length=0, labelsize=8.5, labelcolor=MUTED)
    axes.tick_params(axis="y", left=False, labelleft=False)
