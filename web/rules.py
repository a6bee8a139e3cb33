"""Rules, for leads: what raises an alert, in which order, and what needs approval."""

from __future__ import annotations

from flask import Blueprint, request
from sqlalchemy import select

from alerts import rules as engine
from alerts.errors import AlertsError
from alerts.models import Person
from listener.channels import KINDS
from listener.models import Brand
from sentiment.labels import SENTIMENTS
from web.page import Answer, _, back, show, tell, whole
from web.security import context, requires, viewer

blueprint = Blueprint("rules", __name__, url_prefix="/rules")


@blueprint.get("")
@requires("rules.edit")
def rules() -> Answer:
    """Show the rules in the order they are tried."""
    return _page()


@blueprint.post("")
@requires("rules.edit")
def add() -> Answer:
    """Add a rule."""
    form = request.form
    level, position = whole(form.get("min_level", "2")), whole(form.get("position") or "100")
    assignee = whole(form.get("assignee"))
    if level is None or position is None or (form.get("assignee") and assignee is None):
        return _page(error=_("Level and position are numbers."), status=400)
    try:
        engine.add(
            context().db, form.get("name", ""), brand=form.get("brand") or None, channels=form.getlist("channels"),
            sentiments=form.getlist("sentiments"), min_level=level, words=form.get("words", "").strip() or None,
            action=form.get("action", "alert"), needs_approval=form.get("needs_approval") == "1",
            assignee_id=assignee, position=position, by=viewer().id,
        )  # fmt: skip
    except AlertsError as error:
        return _page(error=str(error), status=400)
    tell(_("Rule added. It counts for what is scored from now on."))
    return back("rules.rules")


@blueprint.post("/enable")
@requires("rules.edit")
def enable() -> Answer:
    """Switch a rule on or off."""
    form = request.form
    engine.enable(context().db, form.get("name", ""), enabled=form.get("enabled") == "1", by=viewer().id)
    tell(_("Saved."))
    return back("rules.rules")


def _page(*, error: str = "", status: int = 200) -> Answer:
    with context().db.read() as session:
        found = engine.list_(session)
        brands = {brand.id: brand.name for brand in session.scalars(select(Brand).order_by(Brand.name))}
        people = session.scalars(
            select(Person).where(Person.active, Person.role != "manager").order_by(Person.name)
        ).all()
    return show(
        "manage/rules.html", status=status, rules=found, brands=brands, error=error, channels=sorted(KINDS),
        sentiments=SENTIMENTS, actions=engine.ACTIONS, people=people,
        names={person.id: person.name or person.email for person in people},
    )  # fmt: skip
