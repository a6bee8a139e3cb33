"""The SLA clock in words: "2 h over 4 h target". Never colour alone, and never a due time of its own making."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts import sla
from alerts.models import Alert
from listener import i18n
from listener.db import now
from web.page import _

SOON = 0.25  # of the target left: from here on the clock warns


@dataclass(frozen=True, slots=True)
class Words:
    """What the clock shows: `tone` is over | soon | fine | done | late | none, `text` says it all."""

    tone: str
    text: str


def words(alert: Alert, at: datetime | None = None) -> Words:
    """Return the clock of an alert as it stands."""
    at = at or now()
    start = min(alert.posted_at, alert.collected_at)
    if alert.first_response_at is not None:
        spent = i18n.format_duration(rounded(alert.first_response_at - start))
        if alert.due_at is not None and alert.first_response_at > alert.due_at:
            return Words("late", _("answered after %(spent)s, late", spent=spent))
        return Words("done", _("answered after %(spent)s", spent=spent))
    if alert.state == "closed":
        return Words("done", _("closed"))
    if alert.due_at is None:
        return Words("none", _("no target"))
    standard = sla.standard(alert.level, alert.channel)
    target = standard.length if standard is not None and not standard.business_hours else alert.due_at - start
    aim = i18n.format_duration(rounded(target))
    if at > alert.due_at:
        return Words(
            "over", _("%(time)s over %(target)s target", time=_length(at - alert.due_at), target=aim)
        )
    left = alert.due_at - at
    tone = "soon" if left < target * SOON else "fine"
    return Words(tone, _("%(time)s left of %(target)s", time=_length(left), target=aim))


def rounded(length: timedelta) -> timedelta:
    """Round to minutes: seconds on a clock of hours only make it restless."""
    return timedelta(minutes=max(1, round(length.total_seconds() / 60)))


def _length(length: timedelta) -> str:
    return i18n.format_duration(rounded(length))
