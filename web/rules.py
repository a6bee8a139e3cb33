"""Rules, for leads: what raises an alert, in which order, and what needs approval."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, request
from sqlalchemy import select

from alerts import rules as engine
from alerts.errors import AlertsError, NotFound
from alerts.models import Person, Rule
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
    mine = _brands()
    if form.get("brand", "") not in {*mine.values(), *([""] if viewer().brand_ids is None else [])}:
        return _page(error=_("Choose one of your brands."), status=400)
    if assignee is not None and assignee not in {person.id for person in _people()}:
        return _page(error=_("Choose a person from the list."), status=400)
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
    if form.get("name") not in {rule.name for rule in _rules() if _mine(rule)}:
        raise NotFound(_("There is no such rule among yours."))
    engine.enable(context().db, form.get("name", ""), enabled=form.get("enabled") == "1", by=viewer().id)
    tell(_("Saved."))
    return back("rules.rules")


def _mine(rule: Rule) -> bool:
    """Tell whether the reader may change a rule: one for all brands is not of those who see only some."""
    return viewer().brand_ids is None or (rule.brand_id is not None and viewer().sees(rule.brand_id))


def _rules() -> list[Rule]:
    """Return the rules that touch the reader's brands."""
    with context().db.read() as session:
        found = engine.list_(session)
    return [rule for rule in found if rule.brand_id is None or viewer().sees(rule.brand_id)]


def _brands() -> dict[int, str]:
    with context().db.read() as session:
        rows = session.execute(select(Brand.id, Brand.name).order_by(Brand.name))
        return {key: name for key, name in rows if viewer().sees(key)}


def _people() -> Sequence[Person]:
    with context().db.read() as session:
        return session.scalars(
            select(Person).where(Person.active, Person.role != "manager").order_by(Person.name)
        ).all()


def _page(*, error: str = "", status: int = 200) -> Answer:
    people = _people()
    return show(
        "manage/rules.html", status=status, rules=_rules(), mine=_mine, brands=_brands(), error=error,
        channels=sorted(KINDS), sentiments=SENTIMENTS, actions=engine.ACTIONS, people=people,
        every_brand=viewer().brand_ids is None, names={person.id: person.name or person.email for person in people},
    )  # fmt: skip
