"""Who may do what: every route states a permission, every write carries a CSRF token, every answer its headers.

A route that states nothing is refused (and a test finds it). Business rules are not here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from alerts import people
from alerts.errors import NotFound
from alerts.models import Person
from alerts.people import Viewer
from web import sessions
from web.composition import Context

SESSION_COOKIE = "allears_session"
VISITOR_COOKIE = "allears_visitor"  # what the CSRF token of somebody not logged in is tied to
PUBLIC = "public"
SIGNED_IN = "signed-in"
BEARER = "bearer"  # checked by the API itself: no cookie, no CSRF
PROBES = frozenset({"health.healthz", "health.readyz", "health.metrics"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])


class LoggedOut(Exception):  # noqa: N818 - a state, not a failure
    """The session is over; pages send to the log-in, fragments say so."""


def requires(permission: str) -> Callable[[View], View]:
    """State what a route needs: a permission of `alerts.people`, or PUBLIC, SIGNED_IN, BEARER."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def context() -> Context:
    """Return the process's context."""
    found: Context = current_app.extensions["allears"]
    return found


def viewer() -> Viewer:
    """Return who is logged in. Raises LoggedOut where nobody is."""
    found: Viewer | None = g.get("viewer")
    if found is None:
        raise LoggedOut
    return found


def may(permission: str) -> bool:
    """Tell whether the person who is logged in has a permission (for links and buttons)."""
    found: Viewer | None = g.get("viewer")
    return found is not None and people.allowed(found.role, permission)


def install(app: Flask) -> None:
    """Put the guards around every request."""
    app.view_functions["static"] = requires(PUBLIC)(app.view_functions["static"])
    app.before_request(check_host)
    app.before_request(start)
    app.before_request(guard)
    app.after_request(headers)


def check_host() -> None:
    """Refuse a Host header that is not ours: links in mails and redirects would follow it."""
    if request.endpoint in PROBES:
        return  # probes speak to an address, and these answers build no link
    name = urlsplit(f"//{request.host}").hostname or ""
    ours = urlsplit(context().settings.public_url).hostname
    if name not in {ours, "localhost", "127.0.0.1", "::1"}:
        abort(
            400, f"This panel does not answer for {name!r}: set ALLEARS_PUBLIC_URL to the address people use."
        )


def start() -> None:
    """Find out who asks."""
    g.nonce = secrets.token_urlsafe(16)
    g.viewer = None
    g.token = None
    g.shortcuts = True
    if request.endpoint == "static" or request.endpoint in PROBES:  # these answer while the database is away
        return
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "permission", None) == BEARER:
        return
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        db = context().db
        person_id = sessions.person_of(db, token)
        if person_id is not None:
            with db.read() as session:
                try:
                    g.viewer = people.viewer(session, person_id)
                except NotFound:  # deactivated: the session is worth nothing any more
                    return
                person = session.get(Person, person_id)
                g.token = token
                g.shortcuts = person is not None and person.shortcuts


def guard() -> None:
    """Let through only what the route's permission and the CSRF token allow."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return
    permission = getattr(view, "permission", None)
    if permission is None:
        abort(403, "This page states no permission.")
    if permission == BEARER:
        return
    if permission != PUBLIC:
        found = viewer()
        if permission != SIGNED_IN and not people.allowed(found.role, permission):
            abort(403, f"Your role ({found.role}) may not do this.")
    if request.method not in SAFE and not getattr(view, "csrf_exempt", False):
        check_csrf()
    if any("\0" in value for given in (request.args, request.form) for value in given.values()):
        abort(400, "There is a NUL character in what was sent; no database keeps one.")


def secure() -> bool:
    """Tell whether cookies may demand https."""
    return request.is_secure or context().settings.public_url.startswith("https:")


def set_cookie(response: AnyResponse, name: str, value: str, seconds: int | None = None) -> None:
    """Set one of our cookies."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="Lax", secure=secure(), path="/"
    )


def csrf_token() -> str:
    """Return the token for this session's forms."""
    if "csrf" not in g:
        tied = g.get("token") or request.cookies.get(VISITOR_COOKIE) or g.get("new_visitor")
        if not tied:
            tied = g.new_visitor = secrets.token_urlsafe(24)
        g.csrf = _sign(context().secret_keys[0], tied)
    found: str = g.csrf
    return found


def check_csrf() -> None:
    """Refuse a write whose token does not belong to the session that sends it."""
    tied = g.get("token") or request.cookies.get(VISITOR_COOKIE)
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token") or ""
    origin = request.headers.get("Origin")
    good = bool(tied) and any(
        hmac.compare_digest(_sign(key, tied or ""), given) for key in context().secret_keys
    )
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        good = False
    if not good:
        abort(400, "The form is too old or came from elsewhere. Go back, reload the page and send it again.")


def headers(response: Response) -> Response:
    """Add the headers that keep foreign script, frames and sniffing out."""
    nonce = g.get("nonce", "")
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if secure():
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if g.get("new_visitor"):
        set_cookie(response, VISITOR_COOKIE, g.new_visitor)
    return response


def safe_next(target: str | None, fallback: str) -> str:
    """Return `target` when it is a path of this panel, else `fallback`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return fallback
    if any(ord(char) < 32 or char == "\\" for char in target):  # noqa: PLR2004 - control characters split headers
        return fallback
    parts = urlsplit(target)
    return fallback if parts.scheme or parts.netloc else target


def to_login() -> AnyResponse:
    """Send to the log-in, and back afterwards."""
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("auth.login", next=target or None))


def _sign(key: str, tied: str) -> str:
    return hmac.new(key.encode(), b"csrf:" + tied.encode(), hashlib.sha256).hexdigest()
