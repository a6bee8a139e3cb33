"""Accounts: who we are on the platforms, whether it works, and connecting them by logging in there or by typing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, request, url_for
from sqlalchemy import select

from alerts import events
from alerts.errors import NotFound
from listener import accounts as listener_accounts
from listener import sources as listener_sources
from listener.accounts import AccountRow, Pending
from listener.channels import KINDS, channel_type
from listener.db import now
from listener.errors import ChannelError, ListenerError, told
from listener.models import Source
from listener.said import said
from web import connecting, sources
from web.optionform import Option, option_of
from web.page import Answer, _, back, show, tell, whole
from web.security import context, requires, viewer

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")


@blueprint.get("")
@requires("sources.read")
def accounts() -> Answer:
    """Show all accounts of the reader's brands, with their health and sources."""
    return show("manage/accounts.html", rows=_rows())


@blueprint.get("/<int:account_id>")
@requires("sources.edit")
def account(account_id: int) -> Answer:
    """Show how an account is connected again."""
    return _page(_own(account_id))


@blueprint.post("/<int:account_id>")
@requires("sources.edit")
def save(account_id: int) -> Answer:
    """Take new options or credentials as typed in, if the platform takes them; what is left empty stays."""
    row, ctx = _own(account_id), context()
    try:
        line = listener_accounts.connect(ctx.db, ctx.ground, account_id, _settings(row))
    except ListenerError as error:
        return _page(row, error=_words(error))
    _noted(account_id)
    tell(_("Connected: %(line)s", line=line))
    return back("accounts.accounts")


@blueprint.post("/<int:account_id>/connect")
@requires("sources.edit")
def reconnect(account_id: int) -> Answer:
    """Begin a log-in of this account on its platform."""
    row = _own(account_id)
    try:
        return _begun(account_id, _settings(row))
    except ListenerError as error:
        return _page(row, error=_words(error))


@blueprint.post("/connect")
@requires("sources.edit")
def connect() -> Answer:
    """Begin the log-in of a new account, for the source whose form was filled in."""
    form = request.form
    kind, source = form.get("kind", ""), {name: form.get(name, "").strip() for name in ("name", "brand")}
    if kind not in KINDS:
        return sources.page(error=_("There is no such channel."), status=400)
    if source["brand"] not in {brand.name for brand in sources.brands_seen()}:
        return sources.page(error=_("Choose one of your brands."), chosen=kind, status=400)
    try:
        listener_sources.check_name(context().db, source["name"])
        return _begun(kind, sources.settings_of(form), source)
    except ListenerError as error:
        return sources.page(error=_words(error), chosen=kind, status=400)


@blueprint.post("/use")
@requires("sources.edit")
def use() -> Answer:
    """Add a source that listens with an account that is there; of its form only what is listened to counts."""
    ctx, form = context(), request.form
    kind = form.get("kind", "")
    row = _own(whole(form.get("account")) or 0)
    if form.get("brand", "") not in {brand.name for brand in sources.brands_seen()}:
        return sources.page(error=_("Choose one of your brands."), chosen=kind, status=400)
    wanted = _of_source(row.kind)
    settings = {name: text for name, text in sources.settings_of(form).items() if name in wanted}
    try:
        listener_sources.add(
            ctx.db, ctx.ground, row.kind, name=form.get("name", ""), brand=form["brand"], settings=settings,
            account_id=row.id,
        )  # fmt: skip
    except ListenerError as error:
        return sources.page(error=_words(error), chosen=row.kind, status=400)
    tell(_("Source added. Test the connection, or wait for the first poll."))
    ctx.wake.send("poll")
    return back("sources.sources")


@blueprint.get("/callback")
@requires("sources.edit")
def callback() -> Answer:
    """Finish a log-in: the platform sends the person back here. Nothing of the address is shown or kept."""
    ctx = context()
    where, values = "accounts.accounts", {}
    try:
        pending = connecting.take(ctx.db, ctx.ground.vault, request.args.get("state", ""), g.token or "")
        if pending.account_id is not None:
            _own(pending.account_id)
            where, values = "accounts.account", {"account_id": pending.account_id}
        done = listener_accounts.finish(ctx.db, ctx.ground, pending, request.args)
        _noted(done.account_id)
        tell(_("Connected: %(line)s", line=done.line))
        where, values = "accounts.accounts", {}
        if pending.source:
            _add(pending, done.account_id)
            where = "sources.sources"
        ctx.wake.send("poll")
    except ListenerError as error:
        tell(_words(error), "bad")
    return back(where, **values)


def redirect_uri() -> str:
    """Return where platforms send people back to; it is registered with each of them."""
    return context().settings.public_url.rstrip("/") + url_for("accounts.callback")


def _begun(target: int | str, settings: dict[str, str], source: dict[str, str] | None = None) -> Answer:
    """Keep the log-in and show the way to the platform.

    A link, not a redirect: browsers hold a form to our Content-Security-Policy wherever its answer leads.
    """
    ctx = context()
    pending = listener_accounts.begin(
        ctx.db, ctx.ground, target, settings, redirect_uri=redirect_uri(), source=source
    )
    connecting.keep(ctx.db, ctx.ground.vault, pending, g.token or "")
    minutes = round((pending.expires_at - now()).total_seconds() / 60)
    return show(
        "manage/connect.html", pending=pending, title=channel_type(pending.kind).title, minutes=minutes
    )


def _add(pending: Pending, account_id: int) -> None:
    """Add the source that was asked for; what it listens to stands with the fresh account."""
    ctx, wanted = context(), _of_source(pending.kind)
    asked = {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in pending.given.items()
        if name in wanted
    }
    listener_sources.add(
        ctx.db, ctx.ground, pending.kind, name=pending.source["name"], brand=pending.source["brand"], settings=asked,
        account_id=account_id,
    )  # fmt: skip
    tell(_("Source added. Test the connection, or wait for the first poll."))


def choices(kind: str) -> list[tuple[int, str]]:
    """Return the accounts with credentials that a new source of a kind could listen with: id and name."""
    return [
        (row.id, row.handle or row.base_url or str(row.id))
        for row in _rows()
        if row.kind == kind and row.secrets
    ]


def _of_source(kind: str) -> frozenset[str]:
    """Return the options that say what is listened to."""
    return frozenset(
        name
        for name, info in channel_type(kind).options_type.model_fields.items()
        if isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("of") == "source"
    )


def _noted(account_id: int) -> None:
    with context().db.work() as session:
        events.record(session, "account.connected", person_id=viewer().id, data={"account": account_id})


def _rows() -> list[AccountRow]:
    """Return the accounts that listen for a brand of the reader, or for nobody yet."""
    ctx = context()
    with ctx.db.read() as session:
        brands: dict[int, set[int]] = {}
        for account_id, brand_id in session.execute(select(Source.account_id, Source.brand_id)):
            brands.setdefault(account_id, set()).add(brand_id)
    return [
        row
        for row in listener_accounts.list_(ctx.db, ctx.ground, brand_ids=viewer().brand_ids)
        if row.id not in brands or any(viewer().sees(brand_id) for brand_id in brands[row.id])
    ]


def _own(account_id: int) -> AccountRow:
    """Return an account of the reader. Raises NotFound."""
    found = next((row for row in _rows() if row.id == account_id), None)
    if found is None:
        raise NotFound(_("There is no such account."))
    return found


def _settings(row: AccountRow) -> dict[str, str]:
    """Return the options of the form. Raises ListenerError where stored secrets would go to another server.

    They are shown to nobody, and whoever may change the address may be somebody else than who typed them.
    """
    settings = sources.settings_of(request.form)
    moved = listener_accounts.moved(row.kind, row.options, settings)
    if moved and row.secrets.keys() - settings.keys():
        raise ListenerError(
            _(
                "%(names)s leads to another server, and the stored secrets are not sent there. Give all of them anew, "
                "or connect a new account.",
                names=", ".join(moved),
            )
        )
    return settings


def _page(row: AccountRow, *, error: str = "") -> Answer:
    kind, of_source = channel_type(row.kind), _of_source(row.kind)
    options: list[Option] = [
        option_of(name, info)
        for name, info in kind.options_type.model_fields.items()
        if name not in of_source
    ]
    values: dict[str, Any] = {
        name: value for name, value in row.options.items() if isinstance(value, str | int)
    }
    return show(
        "manage/connect_again.html", status=400 if error else 200, row=row, title=kind.title, options=options,
        values=values, error=error, connects=kind.connector is not None, redirect_uri=redirect_uri(),
    )  # fmt: skip


def _words(error: ListenerError) -> str:
    hint = said(error.hint) if isinstance(error, ChannelError) else None
    return told(said(str(error)), hint)
