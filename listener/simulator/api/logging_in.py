"""Logging in on the simulated instance: an application registers itself, a person says yes, a code buys a token.

Methods: https://docs.joinmastodon.org/methods/oauth/ and …/apps/, as far as a code and its exchange go. There are
no passwords: whoever opens the page may act as the brand, or as somebody else, to see what a mistake does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, render_template, request
from werkzeug.wrappers import Response

from listener.simulator.api import asking
from listener.simulator.model import Account

routes = Blueprint("logging_in", __name__, template_folder="../templates")
MANY = 1000  # applications and codes that are remembered
OTHERS = 5  # people besides the brand who are offered


@dataclass(frozen=True, slots=True)
class _Code:
    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    who: Account


@dataclass
class LogIns:
    """What registered itself and what was allowed; forgotten when the simulator ends."""

    apps: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)


def log_ins() -> LogIns:
    """Return the app's log-ins."""
    found: LogIns = current_app.extensions.setdefault("log_ins", LogIns())
    return found


@routes.post("/api/v1/apps")
def register() -> dict[str, Any]:
    """Register an application."""
    given = request.get_json(silent=True) or request.form
    uris, name = str(given.get("redirect_uris") or "").split(), str(given.get("client_name") or "")
    if not uris or not name:
        raise asking.Refused(
            422, "Validation failed: Application Name can't be blank, Redirect URI can't be blank"
        )
    known = log_ins().apps
    if len(known) >= MANY:
        known.pop(next(iter(known)))
    client_id = secrets.token_urlsafe(24)
    known[client_id] = made = {
        "id": str(len(known) + 1), "name": name, "website": None, "client_id": client_id,
        "client_secret": secrets.token_urlsafe(24), "redirect_uri": "\n".join(uris), "redirect_uris": uris,
        "scopes": str(given.get("scopes") or "read").split(),
    }  # fmt: skip
    return made


@routes.get("/oauth/authorize")
def ask() -> str:
    """Ask the person."""
    app = _asked(request.args)
    world = asking.world()
    others = [one for one in world.accounts.values() if not one.host and one is not world.brand][:OTHERS]
    return render_template(
        "log_in.html", app=app, asked=request.args, people=[world.brand, *others] if world.brand else others
    )


@routes.post("/oauth/authorize")
def answer() -> Response:
    """Send the person back, with a code or with a no."""
    form, who = request.form, None
    _asked(form)
    if form.get("answer") == "allow":
        who = next((one for one in asking.world().accounts.values() if one.id == form.get("who")), None)
    back = {"state": form["state"]} if form.get("state") else {}
    if who is None:
        back |= {"error": "access_denied", "error_description": "The resource owner denied the request."}
    else:
        codes = log_ins().codes
        if len(codes) >= MANY:
            codes.pop(next(iter(codes)))
        code = secrets.token_urlsafe(24)
        codes[code] = _Code(
            form["client_id"],
            form["redirect_uri"],
            form.get("code_challenge", ""),
            form.get("scope", "read"),
            who,
        )
        back |= {"code": code, "iss": asking.base() + "/"}
    joint = "&" if "?" in form["redirect_uri"] else "?"
    return redirect(form["redirect_uri"] + joint + urlencode(back), 302)


@routes.post("/oauth/token")
def token() -> dict[str, Any] | tuple[dict[str, str], int]:
    """Sell a token for a code, once."""
    given = request.get_json(silent=True) or request.form
    app = log_ins().apps.get(str(given.get("client_id")))
    if app is None or not hmac.compare_digest(app["client_secret"], str(given.get("client_secret"))):
        return _refused(401, "invalid_client", "Client authentication failed")
    code = log_ins().codes.pop(str(given.get("code")), None)
    if (
        given.get("grant_type") != "authorization_code"
        or code is None
        or code.client_id != app["client_id"]
        or code.redirect_uri != given.get("redirect_uri")
        or not _proven(code.challenge, str(given.get("code_verifier") or ""))
    ):
        return _refused(
            400, "invalid_grant", "The provided authorization grant is invalid, expired or revoked"
        )
    made = secrets.token_urlsafe(24)
    asking.world().tokens[made] = code.who
    return {"access_token": made, "token_type": "Bearer", "scope": code.scope, "created_at": 0}


def _asked(given: Any) -> dict[str, Any]:
    """Return the application that asks. Raises Refused; nobody is sent on to an address that is not registered."""
    app = log_ins().apps.get(str(given.get("client_id")))
    if app is None or given.get("redirect_uri") not in app["redirect_uris"]:
        raise asking.Refused(400, "Client authentication failed, or the redirect URI is not registered")
    return app


def _proven(challenge: str, verifier: str) -> bool:
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return not challenge or hmac.compare_digest(hashed, challenge)


def _refused(status: int, error: str, said: str) -> tuple[dict[str, str], int]:
    return {"error": error, "error_description": said}, status
