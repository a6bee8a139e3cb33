"""From a letter's name and values to a message: Jinja pairs of text and HTML, styles inlined, headers set.

Every letter is `templates/email/<name>/{subject.txt,body.txt,body.html}`. The language is that of the context
(`listener.i18n.use`). Nothing is fetched from anywhere and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from alerts import texts
from alerts.mail import CONTROLS
from listener import i18n

FOLDER = Path(__file__).parent / "templates" / "email"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG shown in the letter: the HTML names it `cid:<name>`."""

    name: str
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the headers need. `unsubscribe` is the address of the one-click POST (RFC 8058) or None."""

    sender: Address
    to: Address
    message_id: str
    at: datetime
    list_id: str = "alerts"
    unsubscribe: str | None = None


@cache
def environment() -> Environment:
    """Return the Jinja environment of all letters."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        newstyle=True, **i18n.jinja_callables(texts.DOMAIN)
    )
    made.filters |= {
        "number": i18n.format_number,
        "percent": i18n.format_percent,
        "duration": i18n.format_duration,
        "day": i18n.format_day,
        "moment": lambda at, zone: i18n.format_datetime(at, zone, "short"),
        "level": texts.level_name,
        "channel": texts.channel_name,
        "category": texts.category_name,
        "oneline": oneline,
    }
    return made


def oneline(text: str, length: int = 200) -> str:
    """Return the text on one line without control characters, cut with an ellipsis."""
    flat = " ".join(CONTROLS.sub(" ", text).split())
    return flat if len(flat) <= length else f"{flat[: length - 1].rstrip()}…"


def compose(
    name: str, envelope: Envelope, values: Mapping[str, object], *, picture: Picture | None = None
) -> EmailMessage:
    """Render the letter `name` in the language of the context."""
    given = {
        **values,
        "lang": i18n.current(),
        "dir": i18n.direction(),
        "picture": picture,
        "unsubscribe": envelope.unsubscribe,
    }
    templates = environment()
    subject, text, html = (
        templates.get_template(f"{name}/{part}").render(given)
        for part in ("subject.txt", "body.txt", "body.html")
    )
    message = EmailMessage()
    message["From"] = envelope.sender
    message["To"] = envelope.to
    message["Subject"] = oneline(subject, 150)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notes back, please
    message["X-Auto-Response-Suppress"] = "All"
    message["List-Id"] = f"All Ears <{envelope.list_id}.{envelope.sender.domain or 'localhost'}>"
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text.strip() + "\n", cte="quoted-printable")
    message.add_alternative(_inlined(html), subtype="html", cte="quoted-printable")
    message["Content-Language"] = (
        i18n.current()
    )  # after the content: setting that clears all Content-… headers
    if picture is not None:
        html_part = message.get_payload()[1]  # type: ignore[index]  # the alternative just added
        html_part.add_related(  # type: ignore[union-attr]
            picture.png,
            "image",
            "png",
            cid=f"<{picture.name}>",
            filename=f"{picture.name}.png",
            disposition="inline",
        )
    return message


def _inlined(html: str) -> str:
    # Style tags stay as well: dark mode and the phone layout are media queries, which cannot be inlined.
    inliner = css_inline.CSSInliner(keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)
    return inliner.inline(html)
