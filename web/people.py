"""People and roles, for admins: add, change the role and brands, deactivate, set a new password."""

from __future__ import annotations

from flask import Blueprint, request
from sqlalchemy import select

from alerts import people as staff
from alerts.errors import AlertsError, NotFound
from alerts.models import Person, PersonBrand
from listener import i18n
from listener.models import Brand
from web import sessions, words
from web.page import Answer, _, back, show, tell
from web.security import context, requires, viewer

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("")
@requires("people.edit")
def people() -> Answer:
    """Show everybody."""
    return _page()


@blueprint.post("")
@requires("people.edit")
def add() -> Answer:
    """Add somebody."""
    form = request.form
    try:
        staff.add_person(
            context().db, form.get("email", ""), form.get("role", ""), form.get("password", ""),
            form.getlist("brands"), name=form.get("name", "").strip(), locale=i18n.known(form.get("locale")),
            timezone=i18n.zone_of(form.get("timezone")).key, digest_daily=form.get("role") == "manager",
            by=viewer().id,
        )  # fmt: skip
    except AlertsError as error:
        return _page(error=str(error), status=400)
    tell(_("%(email)s can log in now.", email=form.get("email", "").strip()))
    return back("people.people")


@blueprint.post("/<int:person_id>/role")
@requires("people.edit")
def role(person_id: int) -> Answer:
    """Change role and brands."""
    form = request.form
    _refuse_self(person_id)
    staff.set_role(context().db, person_id, form.get("role", ""), form.getlist("brands"), by=viewer().id)
    tell(_("Saved."))
    return back("people.people")


@blueprint.post("/<int:person_id>/active")
@requires("people.edit")
def active(person_id: int) -> Answer:
    """Lock somebody out, or let them in again."""
    db = context().db
    _refuse_self(person_id)
    on = request.form.get("active") == "1"
    staff.set_active(db, _email_of(person_id), active=on, by=viewer().id)
    if not on:
        sessions.end_all(db, person_id)
    tell(_("Saved."))
    return back("people.people")


@blueprint.post("/<int:person_id>/password")
@requires("people.edit")
def password(person_id: int) -> Answer:
    """Set a new password; every session of that person ends."""
    db = context().db
    staff.set_password(db, _email_of(person_id), request.form.get("password", ""), by=viewer().id)
    sessions.end_all(db, person_id)
    tell(_("Password changed."))
    return back("people.people")


def _refuse_self(person_id: int) -> None:
    if person_id == viewer().id:
        raise AlertsError(_("You cannot change your own role or lock yourself out; ask another admin."))


def _email_of(person_id: int) -> str:
    with context().db.read() as session:
        person = session.get(Person, person_id)
        if person is None:
            raise NotFound(_("There is no person %(id)s.", id=person_id))
        return person.email


def _page(*, error: str = "", status: int = 200) -> Answer:
    with context().db.read() as session:
        everybody = session.scalars(
            select(Person).order_by(Person.active.desc(), Person.name, Person.email)
        ).all()
        brands = session.scalars(select(Brand.name).order_by(Brand.name)).all()
        seen: dict[int, list[str]] = {}
        rows = select(PersonBrand.person_id, Brand.name).join(Brand, Brand.id == PersonBrand.brand_id)
        for person_id, name in session.execute(rows):
            seen.setdefault(person_id, []).append(name)
    return show(
        "manage/people.html", status=status, everybody=everybody, brands=brands, seen=seen, error=error,
        role_choices=[(name, words.role(name)) for name in staff.ROLES], locales=i18n.NAMES,
    )  # fmt: skip
