"""Sources: health and coverage; an admin adds, tests, pauses, resumes and removes them, and adds brands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Blueprint, request
from sqlalchemy import select

from alerts.errors import NotFound
from listener import brands, coverage
from listener import sources as listener_sources
from listener.channels import KINDS, channel_type
from listener.db import now
from listener.errors import ListenerError
from listener.models import Account, Brand, BrandQuery
from web.optionform import Option, option_of
from web.page import Answer, _, back, show, tell
from web.security import context, requires, viewer

COVERED = timedelta(days=7)

blueprint = Blueprint("sources", __name__, url_prefix="/sources")


@dataclass(frozen=True, slots=True)
class Kind:
    """A channel that can be connected."""

    kind: str
    title: str
    replies: bool
    options: list[Option] = field(default_factory=list)


@blueprint.get("")
@requires("sources.read")
def sources() -> Answer:
    """Show all sources with their health and what they covered."""
    return _page()


@blueprint.post("")
@requires("sources.edit")
def add() -> Answer:
    """Add a source."""
    ctx = context()
    form = request.form
    kind = form.get("kind", "")
    settings = {
        name.removeprefix("option-"): value.strip()
        for name, value in form.items()
        if name.startswith("option-") and value.strip()
    }
    if form.get("brand", "") not in {brand.name for brand in _brands()}:
        return _page(error=_("Choose one of your brands."), chosen=kind, status=400)
    try:
        listener_sources.add(
            ctx.db,
            ctx.ground,
            kind,
            name=form.get("name", ""),
            brand=form.get("brand", ""),
            settings=settings,
        )
    except ListenerError as error:
        return _page(error=str(error), chosen=kind, status=400)
    tell(_("Source added. Test the connection, or wait for the first poll."))
    ctx.wake.send("poll")
    return back("sources.sources")


@blueprint.get("/new/<kind>")
@requires("sources.edit")
def new(kind: str) -> Answer:
    """Show the form of one channel."""
    return _page(chosen=kind)


@blueprint.post("/brands")
@requires("brands.edit")
def add_brand() -> Answer:
    """Add a brand with its query."""
    form = request.form
    try:
        brands.add(
            context().db, form.get("name", ""), query=form.get("query", ""), own=form.get("own") == "1"
        )
    except ListenerError as error:
        return _page(error=str(error), status=400)
    tell(_("Brand added."))
    return back("sources.sources")


@blueprint.post("/<name>/<action>")
@requires("sources.edit")
def act(name: str, action: str) -> Answer:
    """Test, pause, resume or remove a source."""
    ctx = context()
    _own(name)
    if action == "test":
        try:
            tell(_("%(name)s: %(answer)s", name=name, answer=listener_sources.test(ctx.db, ctx.ground, name)))
        except ListenerError as error:
            tell(_("%(name)s: %(answer)s", name=name, answer=str(error)), "bad")
    elif action == "pause":
        listener_sources.pause(ctx.db, name)
        tell(_("%(name)s is paused.", name=name))
    elif action == "resume":
        listener_sources.resume(ctx.db, name)
        ctx.wake.send("poll")
        tell(_("%(name)s listens again.", name=name))
    elif action == "remove":
        listener_sources.remove(ctx.db, name)
        tell(_("%(name)s is removed; what it heard stays.", name=name))
    else:
        return _page(error=_("Unknown action."), status=400)
    return back("sources.sources")


def kinds() -> list[Kind]:
    """Return what can be connected, with the fields of each form as the channel's own model says."""
    found = []
    for name in sorted(KINDS):
        kind = channel_type(name)
        options = [option_of(key, info) for key, info in kind.options_type.model_fields.items()]
        found.append(Kind(name, kind.title, kind.replies, options))
    return found


def _own(name: str) -> None:
    """Raise NotFound unless the source listens for a brand of the reader."""
    mine = {brand.name for brand in _brands()}
    if not any(row.name == name and row.brand in mine for row in listener_sources.list_(context().db)):
        raise NotFound(_("There is no source %(name)s.", name=name))


def _brands() -> list[Brand]:
    with context().db.read() as session:
        return [
            brand for brand in session.scalars(select(Brand).order_by(Brand.name)) if viewer().sees(brand.id)
        ]


def _page(*, error: str = "", chosen: str = "", status: int = 200) -> Answer:
    db = context().db
    known = _brands()
    seen = {one.source: one for one in coverage.summary(db, since=now() - COVERED)}
    rows = listener_sources.list_(db)
    with db.read() as session:
        handles = {account.id: account.handle for account in session.scalars(select(Account))}
        queries: dict[int, list[str]] = {}
        for query in session.scalars(select(BrandQuery).where(BrandQuery.active).order_by(BrandQuery.id)):
            queries.setdefault(query.brand_id, []).append(query.text)
    mine = {brand.name for brand in known}
    offered: list[Any] = kinds()
    return show(
        "manage/sources.html", status=status, rows=[row for row in rows if row.brand in mine], seen=seen, brands=known,
        queries=queries, handles=handles, kinds=offered, brand_choices=[(brand.name, brand.name) for brand in known],
        error=error, chosen=next((one for one in offered if one.kind == chosen), None),
    )  # fmt: skip
