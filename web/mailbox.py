"""The demo's mail: what the SMTP sink caught, shown beside the panel. Does not exist outside the demo."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from flask import Blueprint, Response, abort

from alerts import smtp_sink
from web.page import Answer, show
from web.security import SIGNED_IN, context, requires

blueprint = Blueprint("mail", __name__, url_prefix="/mail")


@blueprint.get("")
@requires(SIGNED_IN)
def mail() -> Answer:
    """List the mails, newest first."""
    folder = _folder()
    found = [(file.name, smtp_sink.read(folder, file.name)) for file in smtp_sink.mails(folder)[:50]]
    mails = [(name, message, _sent_at(message)) for name, message in found if message is not None]
    return show("manage/mail.html", mails=mails)


@blueprint.get("/<name>")
@requires(SIGNED_IN)
def letter(name: str) -> Answer:
    """Show one mail."""
    message = _message(name)
    text = message.get_body(("plain",))
    return show("manage/letter.html", name=name, message=message, text=text.get_content() if text else "")


@blueprint.get("/<name>/html")
@requires(SIGNED_IN)
def body(name: str) -> Answer:
    """Answer the mail's own HTML, shut in: no script, nothing from elsewhere."""
    return html_of(_message(name))


def html_of(message: EmailMessage) -> Response:
    """Answer the HTML part with its attached pictures in place, in a sandbox of its own."""
    part = message.get_body(("html",))
    if part is None:
        abort(404, "This mail has no HTML part.")
    html = str(part.get_content())
    for picture in message.walk():
        cid = picture.get("Content-ID", "").strip("<> ")
        if cid and picture.get_content_maintype() == "image":
            data = "".join(str(picture.get_payload()).split())
            html = html.replace(f"cid:{cid}", f"data:{picture.get_content_type()};base64,{data}")
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    )
    return response


def _sent_at(message: EmailMessage) -> datetime | None:
    try:
        return parsedate_to_datetime(message.get("Date", ""))
    except ValueError:
        return None


def _folder() -> Path:
    ctx = context()
    if not ctx.demo or ctx.mail_folder is None:
        abort(404, "Mails are only shown in the demo.")
    return ctx.mail_folder


def _message(name: str) -> EmailMessage:
    message = smtp_sink.read(_folder(), name)
    if message is None:
        abort(404, "There is no such mail.")
    return message
