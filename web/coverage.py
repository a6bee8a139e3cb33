"""Coverage: when each source was blind, on a line; what was cut short and made up for; each poll on its own page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, request
from markupsafe import Markup
from sqlalchemy import select

from alerts.errors import NotFound
from listener import coverage as ledger
from listener import i18n
from listener.coverage import Cause, Coverage, Gap
from listener.db import now
from listener.models import Source
from listener.streams.cover import StreamCover
from listener.streams.models import UP
from web import timeline
from web.page import Answer, _, apart, exactly, n_, show, whole, zone
from web.security import context, requires, viewer

DAYS = (1, 7, 30)
POLLS = 200  # of one source that are listed
DOWNTIMES = 5  # of a stream that are listed

blueprint = Blueprint("coverage", __name__, url_prefix="/coverage")


@dataclass(frozen=True, slots=True)
class Seen:
    """One source with its line and its sentences."""

    of: Coverage
    finding: str
    line: Markup
    facts: list[str]


@blueprint.get("")
@requires("sources.read")
def coverage() -> Answer:
    """Show the sources of the reader's brands, blind ones first."""
    days = _days()
    at = now()
    since = at - timedelta(days=days)
    found = ledger.summary(context().db, brand_ids=viewer().brand_ids, since=since, at=at)
    found.sort(key=lambda one: (not _blind(one), -len(one.blind), one.source))
    rows = []
    for one in found:
        text = finding(one)
        begin = at if _silent(one) else one.heard_from
        drawn = timeline.line(one.blind, since, at, zone(), text, begin=begin)
        rows.append(Seen(one, text, drawn, facts(one)))
    return show(
        "manage/coverage.html",
        rows=rows,
        days=days,
        choices=DAYS,
        since=since,
        at=at,
        why=why,
        length=_length,
    )


@blueprint.get("/<int:source_id>")
@requires("sources.read")
def polls(source_id: int) -> Answer:
    """Show each poll of one source: the window asked for, the window seen, what became of it."""
    days = _days()
    with context().db.read() as session:
        source = session.scalar(select(Source).where(Source.id == source_id, Source.state != "removed"))
        if source is None or not viewer().sees(source.brand_id):
            raise NotFound(_("There is no such source."))
        lines = ledger.lines(session, source_id, since=now() - timedelta(days=days), limit=POLLS)
    return show("manage/polls.html", source=source, lines=lines, days=days, choices=DAYS, most=POLLS)


def finding(one: Coverage) -> str:
    """Say in one sentence what the line shows."""
    if one.state == "paused":
        return _("Paused: quiet on purpose.")
    if _silent(one):
        return _("Nothing could be read yet.") if one.polls else _("Not polled yet.")
    if not one.blind:
        if one.heard_from is None:
            return _("Heard without a gap.")
        return _("Heard without a gap since %(since)s.", since=exactly(one.heard_from))
    last = one.blind[-1]
    if last.until is None:
        return _("Blind since %(since)s: %(why)s", since=exactly(last.since), why=apart(why(last)))
    return n_(
        "%(n)s gap, healed: nothing is missing.",
        "%(n)s gaps, all healed: nothing is missing.",
        len(one.blind),
    )


def facts(one: Coverage) -> list[str]:
    """Say what the polls of a source did."""
    made = [
        n_("%(n)s poll", "%(n)s polls", one.polls),
        n_("%(n)s post fetched", "%(n)s posts fetched", one.fetched),
        _("%(n)s new", n=i18n.format_number(one.new)),
    ]
    made += [n_("%(n)s delivery pushed", "%(n)s deliveries pushed", one.pushed)] if one.pushed else []
    made += [n_("%(n)s poll cut short", "%(n)s polls cut short", one.truncated)] if one.truncated else []
    made += (
        [n_("%(n)s poll filled a gap", "%(n)s polls filled a gap", one.backfilled)] if one.backfilled else []
    )
    made += [n_("%(n)s error", "%(n)s errors", one.errors)] if one.errors else []
    made += (
        [n_("%(n)s post shown late by the platform", "%(n)s posts shown late by the platform", one.late)]
        if one.late
        else []
    )
    if one.platform_lag_seconds is not None:
        made.append(
            _(
                "a new post is %(time)s old when heard (median)",
                time=i18n.format_duration(one.platform_lag_seconds),
            )
        )
    return made + (_of_stream(one.stream) if one.stream else [])


def _of_stream(stream: StreamCover) -> list[str]:
    """Say when a stream was up, and of the last downtimes when each was made up for."""
    made = [n_("%(n)s connection of the stream", "%(n)s connections of the stream", stream.connections)]
    if stream.since is not None:
        up = stream.state == UP
        made.append(
            _("stream up since %(time)s", time=exactly(stream.since))
            if up
            else _("stream down since %(time)s", time=exactly(stream.since))
        )
    healed = [one for one in stream.down if one.healed is not None][-DOWNTIMES:]
    return made + [
        _("stream down %(since)s, healed %(healed)s", since=exactly(one.since), healed=exactly(one.healed))
        for one in healed
        if one.healed is not None
    ]


def why(gap: Gap) -> str:
    """Say why a source was blind; what a platform said keeps the platform's words."""
    return {
        Cause.NEVER: _("it was never polled"),
        Cause.STOPPED: _("it was not polled: the clock or the workers stood still"),
        Cause.TRUNCATED: _("more posts than one run may read; the next runs read on"),
        Cause.HUNG: _("a poll did not end"),
    }.get(gap.cause, gap.reason)


def _length(gap: Gap, at: datetime) -> str:
    return i18n.format_duration(gap.length(at))


def _blind(one: Coverage) -> bool:
    return bool(one.blind) and one.blind[-1].until is None


def _silent(one: Coverage) -> bool:
    """Tell whether no poll has read anything so far, and it is too early to call the source blind."""
    return not one.blind and (one.last_ok_at is None or not one.polls)


def _days() -> int:
    asked = whole(request.args.get("days", ""))
    return asked if asked in DAYS else 7
