"""One's own account: name, language, time zone, digests, shortcuts, password, where else one is logged in."""

from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, g, request
from sqlalchemy import func, select

from alerts import events
from alerts import people as staff
from alerts.errors import AlertsError
from alerts.models import Person
from listener import i18n
from web import sessions
from web.api import tokens
from web.models import ApiToken, LoginSession
from web.page import Answer, _, back, show, tell, whole
from web.security import SIGNED_IN, context, requires, viewer

blueprint = Blueprint("account", __name__, url_prefix="/profile")


@blueprint.get("")
@requires(SIGNED_IN)
def account() -> Answer:
    """Show my account."""
    return _page()


@blueprint.post("")
@requires(SIGNED_IN)
def save() -> Answer:
    """Save what I chose."""
    form = request.form
    hour = whole(form.get("digest_hour", "8"), 23)
    if hour is None:
        return _page(error=_("Choose an hour between 0 and 23."), status=400)
    if form.get("timezone") not in available_timezones():
        return _page(error=_("Unknown time zone."), status=400)
    with context().db.work() as session:
        person = session.get_one(Person, viewer().id)
        person.name = form.get("name", "").strip()[:120]
        person.locale = i18n.known(form.get("locale"))
        person.timezone = form["timezone"]
        person.digest_daily = form.get("digest_daily") == "1"
        person.digest_weekly = form.get("digest_weekly") == "1"
        person.digest_hour = hour
        person.notify = form.get("notify") == "1"
        person.shortcuts = form.get("shortcuts") == "1"
        chosen = person.locale
    with i18n.use(chosen):
        tell(_("Saved."))
    return back("account.account")


@blueprint.post("/password")
@requires(SIGNED_IN)
def password() -> Answer:
    """Change my password; every other session of mine ends."""
    db = context().db
    with db.read() as session:
        email = session.get_one(Person, viewer().id).email
    try:
        if staff.verify(db, email, request.form.get("current", "")) is None:
            return _page(error=_("The current password is not right."), status=400)
        staff.set_password(db, email, request.form.get("new", ""), by=viewer().id)
    except AlertsError as error:
        return _page(error=str(error), status=400)
    gone = sessions.end_all(db, viewer().id, but=g.token)
    tell(_("Password changed. Other sessions ended: %(n)s.", n=gone))
    return back("account.account")


@blueprint.post("/sessions")
@requires(SIGNED_IN)
def leave() -> Answer:
    """Log out everywhere else."""
    db = context().db
    gone = sessions.end_all(db, viewer().id, but=g.token)
    with db.work() as session:
        events.record(session, "person.sessions_ended", person_id=viewer().id, data={"n": gone})
    tell(_("Other sessions ended: %(n)s.", n=gone))
    return back("account.account")


@blueprint.post("/tokens")
@requires("api.tokens")
def make_token() -> Answer:
    """Make an API token; it is shown this once."""
    return _page(fresh_token=tokens.make(context().db, viewer().id, request.form.get("name", "")))


@blueprint.post("/tokens/<int:token_id>/revoke")
@requires("api.tokens")
def revoke(token_id: int) -> Answer:
    """Revoke one of my API tokens."""
    tokens.revoke(context().db, viewer().id, token_id)
    tell(_("Token revoked."))
    return back("account.account")


def _page(*, error: str = "", status: int = 200, fresh_token: str = "") -> Answer:
    with context().db.read() as session:
        person = session.get_one(Person, viewer().id)
        count = session.scalar(
            select(func.count()).select_from(LoginSession).where(LoginSession.person_id == person.id)
        )
        mine = select(ApiToken).where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))
        made = session.scalars(mine.order_by(ApiToken.id)).all()
    places = (name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    zones = [*sorted(places), "UTC"]
    return show(
        "manage/account.html", status=status, person=person, locales=i18n.NAMES, zones=zones, error=error,
        open_sessions=count, tokens=made, fresh_token=fresh_token,
    )  # fmt: skip
