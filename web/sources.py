"""Sources: health and coverage; an admin adds, tests, pauses, resumes and removes them, and adds brands."""

from __future__ import annotations

from collections.abc import Mapping
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
    connects: bool = False  # by logging in on the platform
    options: list[Option] = field(default_factory=list)


@blueprint.get("")
@requires("sources.read")
def sources() -> Answer:
    """Show all sources with their health and what they covered."""
    return page()


@blueprint.post("")
@requires("sources.edit")
def add() -> Answer:
    """Add a source."""
    ctx = context()
    form = request.form
    kind = form.get("kind", "")
    if form.get("brand", "") not in {brand.name for brand in brands_seen()}:
        return page(error=_("Choose one of your brands."), chosen=kind, status=400)
    try:
        listener_sources.add(
            ctx.db,
            ctx.ground,
            kind,
            name=form.get("name", ""),
            brand=form.get("brand", ""),
            settings=settings_of(form),
        )
    except ListenerError as error:
        return page(error=str(error), chosen=kind, status=400)
    tell(_("Source added. Test the connection, or wait for the first poll."))
    ctx.wake.send("poll")
    return back("sources.sources")


@blueprint.get("/new/<kind>")
@requires("sources.edit")
def new(kind: str) -> Answer:
    """Show the form of one channel."""
    return page(chosen=kind)


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
        return page(error=str(error), status=400)
    tell(_("Brand added."))
    return back("sources.sources")


@blueprint.post("/brands/<int:brand_id>/query")
@requires("brands.edit")
def change_query(brand_id: int) -> Answer:
    """Change the queries of a brand, one a line."""
    if not viewer().sees(brand_id):
        raise NotFound(_("There is no such brand."))
    try:
        brands.set_queries(context().db, brand_id, request.form.get("query", "").splitlines())
    except ListenerError as error:
        return page(error=str(error), status=400)
    tell(_("Query changed; it counts from the next poll on."))
    return back("sources.sources")


@blueprint.post("/<name>/<action>")
@requires("sources.edit")
def act(name: str, action: str) -> Answer:
    """Test, pause, resume or remove a source, or switch its stream."""
    ctx = context()
    own(name)
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
    elif action in {"stream", "polls"}:
        try:
            listener_sources.change(ctx.db, ctx.ground, name, {"stream": str(action == "stream").lower()})
        except ListenerError as error:
            tell(str(error), "bad")
        else:
            tell(_("%(name)s: saved.", name=name))
    elif action == "remove":
        listener_sources.remove(ctx.db, name)
        tell(_("%(name)s is removed; what it heard stays.", name=name))
    else:
        return page(error=_("Unknown action."), status=400)
    return back("sources.sources")


def settings_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a channel that a form sets, by name."""
    return {
        name.removeprefix("option-"): value.strip()
        for name, value in form.items()
        if name.startswith("option-") and value.strip()
    }


def kinds() -> list[Kind]:
    """Return what can be connected, with the fields of each form as the channel's own model says."""
    found = []
    for name in sorted(KINDS):
        kind = channel_type(name)
        options = [option_of(key, info) for key, info in kind.options_type.model_fields.items()]
        found.append(Kind(name, kind.title, kind.replies, kind.connector is not None, options))
    return found


def own(name: str) -> None:
    """Raise NotFound unless the source listens for a brand of the reader."""
    mine = {brand.name for brand in brands_seen()}
    if not any(row.name == name and row.brand in mine for row in listener_sources.list_(context().db)):
        raise NotFound(_("There is no source %(name)s.", name=name))


def brands_seen() -> list[Brand]:
    """Return the brands of the reader, by name."""
    with context().db.read() as session:
        return [
            brand for brand in session.scalars(select(Brand).order_by(Brand.name)) if viewer().sees(brand.id)
        ]


def page(*, error: str = "", chosen: str = "", preview: Any = None, status: int = 200) -> Answer:
    """Answer with the page; `preview`: what one of its forms has tried (`web.preview.Shown`)."""
    db = context().db
    known = brands_seen()
    seen = {
        one.source: one for one in coverage.summary(db, brand_ids=viewer().brand_ids, since=now() - COVERED)
    }
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
        error=error, chosen=next((one for one in offered if one.kind == chosen), None), preview=preview,
        paid={row.brand: row.name for row in rows if row.brand in mine and channel_type(row.kind).price},
        midnight=now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1),
    )  # fmt: skip
