"""How a page or a fragment is answered: template, messages, times and words for the person who reads it.

No business rules, and no query beyond what every page shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Response, flash, g, make_response, redirect, render_template, request, url_for
from jinja2_fragments.flask import render_block
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from listener import i18n
from listener.db import now
from web.security import safe_next

DIGITS = 18  # of an id: more do not fit the database's integers
Answer = Response | AnyResponse | str | tuple[Any, ...]


def _(message: str, **values: object) -> str:
    """Translate a text of this room."""
    return i18n.gettext("web", message, **values)


def n_(one: str, many: str, n: int, **values: object) -> str:
    """Translate a text of this room that counts."""
    return i18n.ngettext("web", one, many, n, **values)


def show(template: str, *, status: int = 200, **values: Any) -> Response:
    """Answer with a whole page."""
    return make_response(render_template(template, **values), status)


def fragment(template: str, block: str, *, status: int = 200, **values: Any) -> Response:
    """Answer with one block of a page."""
    return make_response(render_block(template, block, **values), status)


def wants_fragment() -> bool:
    """Tell whether our script asks (it swaps what it gets) or a plain form."""
    return request.headers.get("X-Fragment") == "1"


def tell(text: str, category: str = "good") -> None:
    """Show a message on the next page."""
    flash(text, category)


def back(endpoint: str, **values: Any) -> AnyResponse:
    """Return to where the form said it came from, else to the endpoint."""
    return redirect(safe_next(request.form.get("next"), url_for(endpoint, **values)), 303)


def whole(text: str | None, most: int = 2**31 - 1) -> int | None:
    """Return the whole number that a form or an address says, None for anything else or more than `most`."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > DIGITS:
        return None
    return int(text) if int(text) <= most else None


def zone() -> str:
    """Return the reader's time zone."""
    return g.viewer.timezone if g.get("viewer") else "UTC"


def moment(at: datetime | None) -> Markup:
    """Write an instant relatively, with the exact time in the reader's zone on focus and hover."""
    if at is None:
        return Markup("–")  # noqa: RUF001 - a dash is meant
    exact = exactly(at)
    return Markup('<time datetime="{}" title="{}" tabindex="0" data-relative>{}</time>').format(
        at.isoformat(timespec="seconds"), exact, i18n.format_relative(at, now())
    )


def exactly(at: datetime, after: datetime | None = None) -> str:
    """Write an instant in the reader's zone, with the zone; as the end of a span only the time, where it lies on the
    day that `after`, its beginning, has named."""
    where = i18n.zone_of(zone())
    mine = at.astimezone(where)
    if after is not None and mine.date() == after.astimezone(where).date():
        return i18n.format_time(at, where, "medium")
    return f"{i18n.format_datetime(at, where)} {mine.tzname()}"


def apart(text: str) -> str:
    """Return a name or a platform's words so that, in a sentence of the other direction, dots and figures beside them
    stay where they belong."""
    return f"\u2068{text}\u2069" if i18n.direction() == "rtl" else text


@contextmanager
def language() -> Iterator[None]:
    """Speak the language of the person who is logged in, else of the browser."""
    found = g.get("viewer")
    wanted = found.locale if found else i18n.negotiate([tag for tag, _quality in request.accept_languages])
    with i18n.use(wanted):
        yield


def initials(name: str) -> str:
    """Return up to two letters for an avatar; never a remote picture, which would tell the platform who reads."""
    words = [
        word
        for word in name.replace("@", " ").replace("_", " ").replace(".", " ").split()
        if word[0].isalnum()
    ]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def tone(name: str) -> int:
    """Return a number 0-5 that picks a stable colour for a name."""
    return sum(map(ord, name)) % 6
