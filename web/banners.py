"""What every page must say on top: broken channels, scoring that is behind, a hold after a restore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, url_for
from sqlalchemy import select

from alerts import holding
from listener import coverage
from listener.coverage import Blind
from listener.db import now
from listener.errors import told
from listener.models import Source
from web.page import _, apart, exactly, n_
from web.security import context, may


@dataclass(frozen=True, slots=True)
class Banner:
    """One line on top of the page."""

    tone: str
    text: str
    hint: str = ""
    url: str = ""
    link: str = ""


def banners() -> list[Banner]:
    """Return what is wrong now, worst first; nothing for people who are not logged in."""
    me = g.get("viewer")
    if me is None:
        return []
    ctx = context()
    with ctx.db.read() as session:
        broken = list(
            session.execute(
                select(Source.name, Source.error, Source.hint, Source.brand_id)
                .where(Source.state == "attention")
                .order_by(Source.name)
            )
        )
        held = holding.held(session)
        blind = coverage.blind_now(session, me.brand_ids, at=now())
    found = []
    mine = [row for row in broken if me.sees(row[3])]
    where = url_for("sources.sources") if may("sources.read") else ""
    if len(mine) == 1:
        name, error, hint, _brand = mine[0]
        text = _(
            "%(name)s is not listening: %(error)s",
            name=apart(name),
            error=apart(error or _("unknown reason")),
        )
        found.append(Banner("bad", text, hint or "", where, _("Look at it")))
    elif mine:
        text = n_("%(n)s source is not listening.", "%(n)s sources are not listening.", len(mine))
        found.append(Banner("bad", text, "", where, _("Look at them")))
    if blind:
        found.append(_blind(blind))
    if held is not None:
        text = _("Nothing is sent: this instance was restored from a backup.")
        found.append(Banner("bad", text, _("An admin runs `allears db confirm` once it is the only one.")))
    status = ctx.model_status()
    if status:
        found.append(Banner("soft", status))
    return found


def _blind(sources: Sequence[Blind]) -> Banner:
    """Say which active source is not heard, and since when by the reader's clock."""
    first, *more = sources
    where = url_for("coverage.coverage") if may("sources.read") else ""
    since = exactly(first.since)
    if more:
        text = n_(
            "%(n)s source is blind, the first since %(since)s.", "%(n)s sources are blind, the first since %(since)s.",
            len(sources), since=since,
        )  # fmt: skip
        return Banner(
            "bad",
            text,
            _("What is written there is read when they are heard again."),
            where,
            _("Look at them"),
        )
    text = _("%(name)s is blind since %(since)s.", name=apart(first.name), since=since)
    return Banner("bad", text, told(first.error, first.hint) if first.error else "", where, _("Look at it"))
