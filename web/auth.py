"""Log in, log out, and the first-run page. Passwords are checked by `alerts.people`; throttling is here."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy import delete, func, select
from werkzeug.wrappers import Response as AnyResponse

from alerts import people
from alerts.errors import AlertsError
from alerts.models import Person
from listener import log
from listener.db import Database, now
from web import sessions
from web.models import LoginAttempt
from web.page import Answer, _, show, tell
from web.security import PUBLIC, SESSION_COOKIE, SIGNED_IN, context, requires, safe_next, set_cookie

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 50

blueprint = Blueprint("auth", __name__)
logger = log.get(__name__)


@blueprint.get("/")
@requires(PUBLIC)
def home() -> Answer:
    """Send to the inbox, the log-in or, on a fresh installation, the first-run page."""
    if g.viewer:
        return redirect(url_for("inbox.inbox"))
    return redirect(url_for("auth.setup" if nobody(context().db) else "auth.login"))


@blueprint.get("/login")
@requires(PUBLIC)
def login() -> Answer:
    """Show the log-in."""
    if g.viewer:
        return redirect(safe_next(request.args.get("next"), url_for("inbox.inbox")))
    if nobody(context().db):
        return redirect(url_for("auth.setup"))
    return show("login.html", next=request.args.get("next", ""))


@blueprint.post("/login")
@requires(PUBLIC)
def log_in() -> Answer:
    """Check e-mail and password; the answer is the same whether the address is known or not."""
    db = context().db
    email = request.form.get("email", "").strip().lower()
    subjects = attempt_subjects(email, request.remote_addr or "")
    if throttled(db, subjects):
        logger.warning("login.throttled")
        text = _("Too many attempts. Wait 15 minutes, then try again.")
        return show("login.html", status=429, error=text, email=email, next=request.form.get("next", ""))
    person_id = people.verify(db, email, request.form.get("password", ""))
    if person_id is None:
        text = _("E-mail or password is not right.")
        return show("login.html", status=401, error=text, email=email, next=request.form.get("next", ""))
    forgive(db, subjects)
    return _enter(person_id, safe_next(request.form.get("next"), url_for("inbox.inbox")))


@blueprint.post("/logout")
@requires(SIGNED_IN)
def log_out() -> Answer:
    """End the session."""
    sessions.end(context().db, g.token)
    response = redirect(url_for("auth.login"))
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@blueprint.get("/setup")
@requires(PUBLIC)
def setup() -> Answer:
    """Show the first-run page, which makes the first admin; needs the token that `allears run` prints."""
    if not nobody(context().db):
        return redirect(url_for("auth.login"))
    return show("setup.html", token=request.args.get("token", ""))


@blueprint.post("/setup")
@requires(PUBLIC)
def set_up() -> Answer:
    """Make the first admin and log them in."""
    ctx = context()
    if not nobody(ctx.db):
        return redirect(url_for("auth.login"))
    form = request.form
    given = form.get("token", "")
    if not ctx.setup_token or not hmac.compare_digest(ctx.setup_token.encode(), given.encode()):
        text = _("The set-up token is not right. Copy the whole address that `allears run` printed.")
        return show("setup.html", status=403, error=text, token="", email=form.get("email", ""))
    try:
        person_id = people.add_person(
            ctx.db,
            form.get("email", ""),
            "admin",
            form.get("password", ""),
            (),
            name=form.get("name", "").strip(),
        )
    except AlertsError as error:
        return show("setup.html", status=400, error=str(error), token=given, email=form.get("email", ""))
    ctx.setup_token = None  # one use only
    tell(_("Welcome. Next: add a brand and connect a source."))
    return _enter(person_id, url_for("sources.sources"))


def nobody(db: Database) -> bool:
    """Tell whether this is a fresh installation."""
    with db.read() as session:
        return session.scalar(select(Person.id).limit(1)) is None


def attempt_subjects(email: str, address: str) -> list[tuple[str, int]]:
    """Return what an attempt is counted under, with the limit of each."""
    return [
        ("mail:" + hashlib.sha256(email.encode()).hexdigest(), PER_ACCOUNT),
        ("ip:" + address[:70], PER_ADDRESS),
    ]


def throttled(db: Database, subjects: list[tuple[str, int]], at: datetime | None = None) -> bool:
    """Count one more attempt and tell whether it is one too many. Counted first: parallel guesses do not slip by."""
    at = at or now()
    with db.work() as session:
        session.execute(delete(LoginAttempt).where(LoginAttempt.at < at - WINDOW))
        over = False
        for subject, limit in subjects:
            count = session.scalar(
                select(func.count()).select_from(LoginAttempt).where(LoginAttempt.subject == subject)
            )
            over = over or (count or 0) >= limit
        if not over:
            session.add_all(LoginAttempt(subject=subject, at=at) for subject, _limit in subjects)
    return over


def forgive(db: Database, subjects: list[tuple[str, int]]) -> None:
    """Forget the attempts on an account after a good log-in; the address keeps its count but for this one."""
    (account, _limit), (address, _other) = subjects
    with db.work() as session:
        session.execute(delete(LoginAttempt).where(LoginAttempt.subject == account))
        newest = session.scalar(select(func.max(LoginAttempt.id)).where(LoginAttempt.subject == address))
        session.execute(delete(LoginAttempt).where(LoginAttempt.id == newest))


def _enter(person_id: int, target: str) -> AnyResponse:
    token = sessions.begin(context().db, person_id, replaces=request.cookies.get(SESSION_COOKIE))
    response = redirect(target)
    set_cookie(response, SESSION_COOKIE, token, int(sessions.ABSOLUTE.total_seconds()))
    return response
