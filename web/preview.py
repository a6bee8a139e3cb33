"""Trying a query before it is saved: the buttons beside "Save" of the forms for sources and brands. Saves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, request

from listener import brands, i18n, preview
from listener.errors import ListenerError, told
from listener.preview import Cost, Preview
from listener.query import Query, QueryError, parse
from web import sources, words
from web.page import Answer, _, exactly, n_, show, wants_fragment
from web.security import context, requires, viewer

blueprint = Blueprint("preview", __name__, url_prefix="/sources")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a preview; tone: "" | soft | bad."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the forms show: sentences and examples, or what is wrong with the query (`picture`: where)."""

    of: str  # which form: "source", "brand", or a brand's id
    lines: tuple[Line, ...] = ()
    samples: tuple[preview.Sample, ...] = ()
    problem: str = ""
    picture: str = ""


@blueprint.post("/preview")
@requires("sources.edit")
def source() -> Answer:
    """Try a brand's queries through a source that is typed and not saved."""
    form = request.form
    kind = form.get("kind", "")

    def look() -> Preview:
        brand = next((one for one in sources.brands_seen() if one.name == form.get("brand", "")), None)
        if brand is None:
            raise ListenerError(_("Choose one of your brands."))
        with context().db.read() as session:
            queries = [query for _id, query in brands.queries_of(session, brand.id)]
        return preview.live_unsaved(context().ground, kind, sources.settings_of(form), queries)

    return _answer("source", look, chosen=kind)


@blueprint.post("/brands/preview")
@requires("brands.edit")
def query() -> Answer:
    """Try a brand's query on what is stored, or through one of the reader's sources."""
    form = request.form
    ctx = context()

    def look() -> Preview:
        queries = queries_of(form.get("query", ""))
        where = form.get("where", "")
        if where:
            sources.own(where)
            return preview.live(ctx.db, ctx.ground, where, queries, posts=form.get("examples") == "1")
        return preview.stored(ctx.db, ctx.ground, queries, brand_ids=viewer().brand_ids)

    return _answer(form.get("of", "brand"), look)


def queries_of(text: str) -> list[Query]:
    """Return the queries of a form, one a line. Raises QueryError with the place."""
    found = [parse(line) for line in text.splitlines() if line.strip()]
    if not found:
        raise ListenerError(_("Write a query first."))
    return found


def _answer(of: str, look: Callable[[], Preview], *, chosen: str = "") -> Answer:
    status = 200
    try:
        found = look()
        shown = Shown(of, tuple(said(found)), found.samples)
    except QueryError as error:
        text = _(
            "The query cannot be used (character %(n)s): %(reason)s",
            n=error.position + 1,
            reason=error.reason,
        )
        shown, status = Shown(of, problem=text, picture=error.picture()), 400
    except ListenerError as error:
        shown, status = Shown(of, problem=told(str(error), getattr(error, "hint", None))), 400
    if wants_fragment():
        return show("manage/preview.html", status=status, preview=shown)
    return sources.page(preview=shown, chosen=chosen, status=status)


def said(found: Preview) -> list[Line]:
    """Say what was found and what it will cost."""
    made = [Line(_hits(found)), Line(_("About %(n)s a day.", n=_rounded(found.per_day)))]
    if found.at_least:
        made.append(Line(_("There may be more: not everything was looked at."), "soft"))
    if found.kind is None:
        made.append(Line(_("What no query has asked for yet is not stored and not counted here.")))
    for one in found.costs:
        made += _cost(one)
    if found.reads:
        made.append(Line(n_("This preview read %(n)s post.", "This preview read %(n)s posts.", found.reads)))
    return made


def _hits(found: Preview) -> str:
    values: dict[str, Any] = {"tried": i18n.format_number(found.tried)}
    if found.kind is None:
        return n_("%(n)s hit among %(tried)s stored mentions of the last 7 days.",
                  "%(n)s hits among %(tried)s stored mentions of the last 7 days.", found.hits, **values)  # fmt: skip
    values["channel"] = words.channel(found.kind)
    if found.counted:
        values["time"] = i18n.format_duration(timedelta(days=round(found.span / timedelta(days=1))))
        return n_("%(channel)s counts %(n)s hit in %(time)s.", "%(channel)s counts %(n)s hits in %(time)s.",
                  found.hits, channel=values["channel"], time=values["time"])  # fmt: skip
    return n_("%(n)s hit among the %(tried)s posts on one page of %(channel)s.",
              "%(n)s hits among the %(tried)s posts on one page of %(channel)s.", found.hits, **values)  # fmt: skip


def _cost(one: Cost) -> list[Line]:
    made = [
        Line(
            _(
                "%(source)s: about %(reads)s paid reads a day, %(day)s a day, %(month)s in 30 days "
                "(%(price)s a read, known on %(date)s).",
                source=one.source or words.channel(one.kind),
                reads=_rounded(one.reads),
                day=i18n.format_money(one.per_day, one.currency),
                month=i18n.format_money(one.per_month, one.currency),
                price=i18n.format_money(one.per_read, one.currency),
                date=i18n.format_date(one.known_on),
            )
        )
    ]
    if one.share is None or one.budget is None or one.budget.per_day is None:
        made.append(Line(_("No budget is set: `reads_per_day` limits what a source may read."), "soft"))
        return made
    share, allowed = i18n.format_percent(one.share), i18n.format_number(one.budget.per_day)
    if one.share > 1:
        text = _(
            "This would use %(share)s of the budget of %(reads)s reads a day: the source would stop every day before "
            "its end.", share=share, reads=allowed,
        )  # fmt: skip
        made.append(Line(text, "bad"))
    else:
        made.append(
            Line(_("That is %(share)s of the budget of %(reads)s reads a day.", share=share, reads=allowed))
        )
    if one.source is not None:
        made.append(Line(budget(one.budget.used, one.budget.per_day, exactly(one.budget.resets_at))))
    return made


def budget(used: int, per_day: int, resets: str) -> str:
    """Say how much of a day's reads is used, and when the count begins again."""
    return _(
        "%(used)s of %(all)s reads used today; the count begins again at %(time)s.",
        used=i18n.format_number(used), all=i18n.format_number(per_day), time=resets,
    )  # fmt: skip


def _rounded(number: float) -> str:
    """Write a number a day: tenths only where they matter."""
    return i18n.format_number(round(number) if number >= 10 else round(number, 1))  # noqa: PLR2004 - see above
