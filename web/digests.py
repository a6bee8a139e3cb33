"""Digests: what I would get, what went out, and leaving one from the mail itself."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

from flask import Blueprint, request
from sqlalchemy import select

from alerts import digest, unsubscribe
from alerts.digest import periods
from alerts.models import Digest
from listener import i18n
from listener.db import now
from web.mailbox import html_of
from web.page import Answer, show, zone
from web.security import PUBLIC, context, requires, viewer

blueprint = Blueprint("digests", __name__)


@blueprint.get("/digests")
@requires("digest.read")
def digests() -> Answer:
    """Show a preview of my digest and what was sent to me."""
    kind = _kind()
    message = _preview(kind)
    text = message.get_body(("plain",))
    with context().db.read() as session:
        sent = session.scalars(
            select(Digest).where(Digest.person_id == viewer().id).order_by(Digest.id.desc()).limit(20)
        ).all()
    return show(
        "manage/digests.html", kind=kind, subject=str(message["Subject"]), sent=sent,
        text=text.get_content() if text else "",
    )  # fmt: skip


@blueprint.get("/digests/preview")
@requires("digest.read")
def preview() -> Answer:
    """Answer the HTML of the preview, shut in."""
    return html_of(_preview(_kind()))


@blueprint.get("/unsubscribe/<token>")
@requires(PUBLIC)
def ask(token: str) -> Answer:
    """Ask before leaving: link scanners follow every link of a mail."""
    with context().db.read() as session:
        found = unsubscribe.of(session, token)
    return show("unsubscribe.html", status=200 if found else 404, found=found, token=token)


@blueprint.post("/unsubscribe/<token>")
@requires(PUBLIC)
def leave(token: str) -> Answer:
    """Leave the digest: the button of the page, or one click in a mail program (RFC 8058)."""
    found = unsubscribe.leave(context().db, token)
    return show("unsubscribe.html", status=200 if found else 404, found=found, token=token)


leave.csrf_exempt = True  # type: ignore[attr-defined]  # a mail program has no cookie; the token is the permission


def _kind() -> periods.Kind:
    return "weekly" if request.args.get("period") == "weekly" else "daily"


def _preview(kind: periods.Kind) -> EmailMessage:
    ctx = context()
    where = i18n.zone_of(zone())
    day = now().astimezone(where).date() - timedelta(days=1 if kind == "daily" else 7)
    return digest.preview(ctx.db, ctx.mailer, ctx.settings, viewer().id, kind, day)
