"""The sentences of a digest that need thought: the subject, the first line, what the chart shows, what was missed.

Everything here speaks the language of the context and works on `DigestData` alone.
"""

from __future__ import annotations

from alerts.digest.data import DigestData, Gap, Open
from alerts.digest.periods import Period
from alerts.letters import oneline
from alerts.texts import channel_name, gettext, level_name, ngettext
from listener import i18n

LEVELS_SHOWN = (3, 2, 1)
FIRST_LINE = 100  # characters of the text part that a phone's notification shows


def span(period: Period) -> str:
    """Name the period: a day, or the days of a week."""
    return (
        i18n.format_day(period.start) if period.length == 1 else i18n.format_span(period.start, period.last)
    )


def subject(data: DigestData) -> str:
    """Return the subject: the number that matters first, then the period."""
    return gettext("%(finding)s · %(period)s", finding=finding(data), period=span(data.period))


def finding(data: DigestData) -> str:
    """Say what a manager must know: unanswered critical alerts, else late answers, else deafness, else mood."""
    waiting = data.waiting
    if waiting.critical:
        return ngettext(
            "%(n)s critical alert unanswered", "%(n)s critical alerts unanswered", waiting.critical
        )
    if waiting.overdue:
        return ngettext("%(n)s answer overdue", "%(n)s answers overdue", waiting.overdue)
    if data.coverage.silent and not data.total.mentions:
        silent = data.coverage.silent
        return ngettext(
            "Nothing heard: %(n)s source is silent", "Nothing heard: %(n)s sources are silent", silent
        )
    if data.total.negative:
        return ngettext(
            "%(n)s negative mention of %(all)s", "%(n)s negative mentions of %(all)s", data.total.negative,
            all=i18n.format_number(data.total.mentions),
        )  # fmt: skip
    return mentions(data)


def mentions(data: DigestData) -> str:
    """Say how many mentions."""
    return ngettext("%(n)s mention", "%(n)s mentions", data.total.mentions)


def numbers(data: DigestData) -> str:
    """Say the three numbers in one line."""
    share = data.total.share
    parts = [mentions(data)]
    if share is not None:
        parts.append(gettext("%(share)s negative", share=i18n.format_percent(share)))
    parts.append(ngettext("%(n)s alert", "%(n)s alerts", data.answers.alerts))
    return ", ".join(parts)


def first_line(data: DigestData) -> str:
    """Return the first line of the text part: three numbers, then the worst, cut to what a notification shows."""
    line = numbers(data)
    if data.waiting.worst:
        line = gettext("%(numbers)s. Worst: %(alert)s", numbers=line, alert=worst(data.waiting.worst[0]))
    elif data.coverage.gaps:
        line = gettext("%(numbers)s. %(gap)s", numbers=line, gap=coverage(data))
    return oneline(line, FIRST_LINE)


def worst(alert: Open) -> str:
    """Name an alert on one line."""
    return f"{level_name(alert.level)}, {channel_name(alert.channel)}: {oneline(alert.text, 140)}"


def change(now: float, before: float) -> str | None:
    """Say how a count moved against the period before; None when there is nothing to compare with."""
    if not before:
        return None
    moved = (now - before) / before
    if abs(moved) < 0.005:  # noqa: PLR2004 - would be written as 0 %
        return gettext("as before")
    arrow = "▲" if moved > 0 else "▼"
    return f"{arrow} {i18n.format_percent(abs(moved))}"


def chart(data: DigestData) -> str:
    """Say what the chart shows, for those who do not see it."""
    peak = max(data.days, key=lambda day: day.counts.mentions)
    total = sum(day.counts.mentions for day in data.days)
    return gettext(
        "Mentions per day from %(first)s to %(last)s: %(total)s in all; most on %(day)s with %(count)s, "
        "%(negative)s of them negative.",
        first=i18n.format_day(data.days[0].day),
        last=i18n.format_day(data.days[-1].day),
        total=i18n.format_number(total),
        day=i18n.format_day(peak.day),
        count=i18n.format_number(peak.counts.mentions),
        negative=i18n.format_number(peak.counts.negative),
    )


def coverage(data: DigestData) -> str:
    """Say whether everything was heard."""
    found = data.coverage
    if not found.sources and found.joined:
        return ngettext(
            "%(n)s source was connected later and has read back.",
            "%(n)s sources were connected later and have read back.",
            found.joined,
        )
    if not found.sources:
        return gettext("No source is polled: connect one on the Sources page.")
    if not found.gaps:
        return ngettext(
            "Heard without a gap: %(n)s source, %(polls)s polls.",
            "Heard without a gap: %(n)s sources, %(polls)s polls.",
            found.sources,
            polls=i18n.format_number(found.polls),
        )
    if not found.silent:
        return ngettext(
            "Heard late, but nothing is missing: %(n)s of %(all)s sources was blind for a while.",
            "Heard late, but nothing is missing: %(n)s of %(all)s sources were blind for a while.",
            found.healed,
            all=i18n.format_number(found.sources),
        )
    return ngettext(
        "Not everything was heard: %(n)s of %(all)s sources is blind.",
        "Not everything was heard: %(n)s of %(all)s sources are blind.",
        found.silent,
        all=i18n.format_number(found.sources),
    )


def gap(missing: Gap, data: DigestData) -> str:
    """Say what is missing of one source, by the reader's clock: "blind on Reddit since 14:05, healed 14:40"."""
    zone = data.period.zone
    channel = channel_name(missing.channel)
    since = i18n.format_datetime(missing.since, zone, "short")
    if missing.truncated:
        return gettext(
            "more posts on %(channel)s than could be read; some are missing since %(since)s",
            channel=channel, since=since,
        )  # fmt: skip
    if missing.until is None:
        return gettext("blind on %(channel)s since %(since)s", channel=channel, since=since)
    same_day = missing.since.astimezone(zone).date() == missing.until.astimezone(zone).date()
    until = (
        i18n.format_time(missing.until, zone)
        if same_day
        else i18n.format_datetime(missing.until, zone, "short")
    )
    return gettext(
        "blind on %(channel)s since %(since)s, healed %(until)s", channel=channel, since=since, until=until
    )
