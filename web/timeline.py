"""The blind times of a source on a line, as inline SVG; the page puts the same times in a table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from listener import i18n
from listener.coverage import Gap

WIDTH, HEIGHT = 720, 24
THIN = 4  # units: a gap of minutes is seen on a line of a month too
MOST_MARKS = 31  # midnights that are marked


def line(
    gaps: Sequence[Gap],
    since: datetime,
    until: datetime,
    zone: str,
    title: str,
    *,
    begin: datetime | None = None,
) -> Markup:
    """Draw [since, until) with its gaps, open ones solid and healed ones hatched; a thin mark at each midnight of
    `zone`. Reads from the side where the language begins. `title` says the finding for those who do not see it.
    begin: nothing was listened to before; `until` or later leaves the line empty."""
    whole = (until - since) / timedelta(seconds=1)
    mirrored = i18n.direction() == "rtl"

    def place(moment: datetime) -> float:
        return min(max((moment - since).total_seconds() / whole, 0.0), 1.0) * WIDTH

    deaf = place(begin) if begin else 0.0
    tall, first = f'y="4" height="{HEIGHT - 8}" rx="3"', 0 if mirrored else deaf
    parts = [
        f'<rect class="unheard" x="0" width="{WIDTH}" {tall}/>',
        f'<rect class="heard" x="{first:g}" width="{WIDTH - deaf:g}" {tall}/>',
    ]
    for at in _midnights(since, until, zone):
        x = WIDTH - place(at) if mirrored else place(at)
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HEIGHT}"/>')
    for gap in gaps:
        start, end = place(gap.since), place(gap.until or until)
        wide = max(end - start, THIN)
        start = min(start, WIDTH - wide)
        x = WIDTH - start - wide if mirrored else start
        kind = "open" if gap.until is None else "healed"
        parts.append(
            f'<rect class="gap-{kind}" x="{x:.1f}" y="1" width="{wide:.1f}" height="{HEIGHT - 2}" rx="2"/>'
        )
    return Markup(  # noqa: S704 - numbers are ours, the title is escaped
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def _midnights(since: datetime, until: datetime, zone: str) -> list[datetime]:
    where = i18n.zone_of(zone)
    found: list[datetime] = []
    day = since.astimezone(where).date() + timedelta(days=1)
    while (at := datetime.combine(day, datetime.min.time(), where)) < until and len(found) < MOST_MARKS:
        found.append(at)
        day += timedelta(days=1)
    return found
