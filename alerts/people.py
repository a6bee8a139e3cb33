"""People: who they are, what their role allows, which brands they see, and whether a password is theirs.

Sessions, cookies and throttling belong to the web room.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from alerts import events
from alerts.errors import AlertsError, Forbidden, NotFound
from alerts.models import Person, PersonBrand
from listener.db import Database
from listener.models import Brand

ROLES = ("agent", "lead", "manager", "admin")
MIN_PASSWORD = 10  # characters

_EVERYBODY = frozenset(ROLES)
_TEAM = frozenset({"agent", "lead", "admin"})
_LEADS = frozenset({"lead", "admin"})
_ADMINS = frozenset({"admin"})

PERMISSIONS: dict[str, frozenset[str]] = {
    "alerts.read": _EVERYBODY,
    "alerts.work": _TEAM,  # assign, snooze, close, note, correct a score
    "alerts.assign": _LEADS,  # to somebody else
    "reply.write": _TEAM,
    "reply.approve": _LEADS,
    "dashboard.read": _EVERYBODY,
    "digest.read": _EVERYBODY,
    "sources.read": _EVERYBODY,
    "sources.edit": _ADMINS,
    "brands.edit": _ADMINS,
    "rules.edit": _LEADS,
    "playbook.edit": _LEADS,
    "calendars.edit": _LEADS,
    "people.edit": _ADMINS,
    "model.edit": _ADMINS,
    "api.tokens": _ADMINS,
    "export": frozenset({"lead", "manager", "admin"}),
    "erase": _ADMINS,
    "audit.read": _ADMINS,
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: role, language, zone and brands (None = all). Made once per request."""

    id: int
    role: str
    locale: str = "en"
    timezone: str = "UTC"
    brand_ids: frozenset[int] | None = None
    name: str = ""

    def may(self, permission: str) -> bool:
        """Say whether this person's role allows `permission`."""
        return allowed(self.role, permission)

    def require(self, permission: str) -> None:
        """Raise Forbidden unless the role allows `permission`."""
        if not self.may(permission):
            message = f"your role ({self.role}) does not allow this ({permission}); ask an admin"
            raise Forbidden(message)

    def sees(self, brand_id: int) -> bool:
        """Say whether this person may see a brand."""
        return self.brand_ids is None or brand_id in self.brand_ids


def allowed(role: str, permission: str) -> bool:
    """Say whether a role has a permission; an unknown permission is an error of the program (KeyError)."""
    return role in PERMISSIONS[permission]


def viewer(session: Session, person_id: int) -> Viewer:
    """Return the person as a viewer. Raises NotFound when there is none or the person was deactivated."""
    person = session.get(Person, person_id)
    if person is None or not person.active:
        message = f"there is no active person with id {person_id}"
        raise NotFound(message)
    brands = session.scalars(select(PersonBrand.brand_id).where(PersonBrand.person_id == person_id)).all()
    return Viewer(
        id=person.id,
        role=person.role,
        locale=person.locale,
        timezone=person.timezone,
        brand_ids=frozenset(brands) or None,
        name=person.name or person.email,
    )


def find(session: Session, email: str) -> Person:
    """Return the person with that address. Raises NotFound."""
    person = session.scalar(select(Person).where(Person.email == normal(email)))
    if person is None:
        message = f"nobody has the address {normal(email)}; `allears user list` shows who is there"
        raise NotFound(message)
    return person


def add_person(  # noqa: PLR0913 - the fields of a person
    db: Database,
    email: str,
    role: str,
    password: str | None,
    brands: Sequence[str] = (),
    *,
    name: str = "",
    locale: str = "en",
    timezone: str = "UTC",
    digest_daily: bool = False,
    digest_weekly: bool = False,
    by: int | None = None,
) -> int:
    """Add somebody and return the id. `brands` are names, none means all brands. Raises AlertsError."""
    email = normal(email)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email) or not email.isprintable():
        message = f"{email!r} is not an e-mail address"
        raise AlertsError(message)
    _known_role(role)
    hashed = hash_password(password) if password is not None else None
    try:
        with db.work() as session:
            person = Person(
                email=email, name=name, role=role, password_hash=hashed, locale=locale, timezone=timezone,
                digest_daily=digest_daily, digest_weekly=digest_weekly,
            )  # fmt: skip
            session.add(person)
            session.flush()
            _set_brands(session, person.id, brands)
            events.record(session, "person.added", person_id=by, data={"person": person.id, "role": role})
            return person.id
    except IntegrityError as error:
        message = f"{email} is there already; use `allears user password` or `deactivate`"
        raise AlertsError(message) from error


def set_password(db: Database, email: str, password: str, *, by: int | None = None) -> int:
    """Replace a password and return the person's id."""
    hashed = hash_password(password)
    with db.work() as session:
        person = find(session, email)
        person.password_hash = hashed
        events.record(session, "person.password", person_id=by, data={"person": person.id})
        return person.id


def set_role(
    db: Database, person_id: int, role: str, brands: Sequence[str], *, by: int | None = None
) -> None:
    """Change role and brands (names; none means all)."""
    _known_role(role)
    with db.work() as session:
        person = session.get(Person, person_id)
        if person is None:
            message = f"there is no person {person_id}"
            raise NotFound(message)
        before, person.role = person.role, role
        _set_brands(session, person_id, brands)
        events.record(
            session, "person.role", person_id=by, data={"person": person_id, "from": before, "to": role}
        )


def set_active(db: Database, email: str, *, active: bool, by: int | None = None) -> int:
    """Let somebody in again, or lock them out; what they did stays on record. Returns the person's id."""
    with db.work() as session:
        person = find(session, email)
        person.active = active
        kind = "person.activated" if active else "person.deactivated"
        events.record(session, kind, person_id=by, data={"person": person.id})
        return person.id


def verify(db: Database, email: str, password: str) -> int | None:
    """Return the person's id when the password is right, else None; takes as long for an unknown address."""
    with db.read() as session:
        person = session.scalar(select(Person).where(Person.email == normal(email)))
        stored = person.password_hash if person is not None and person.active else None
        person_id = person.id if person is not None else None
    try:
        _hasher().verify(stored or _dummy(), password)
    except (VerificationError, InvalidHashError):
        return None
    if stored is None or person_id is None:
        return None
    if _hasher().check_needs_rehash(stored):
        fresh = _hasher().hash(password)
        with db.work() as session:
            again = session.get(Person, person_id)
            if again is not None and again.password_hash == stored:
                again.password_hash = fresh
    return person_id


def hash_password(password: str) -> str:
    """Return the argon2id hash. Raises AlertsError when the password is too short."""
    if len(password) < MIN_PASSWORD:
        message = f"the password is too short: it needs at least {MIN_PASSWORD} characters"
        raise AlertsError(message)
    return _hasher().hash(password)


def normal(email: str) -> str:
    """Return an address as it is stored: trimmed, lower case."""
    return email.strip().lower()


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _dummy() -> str:
    return _hasher().hash("no person has this password")


def _known_role(role: str) -> None:
    if role not in ROLES:
        message = f"unknown role {role!r}; known: {', '.join(ROLES)}"
        raise AlertsError(message)


def _set_brands(session: Session, person_id: int, names: Sequence[str]) -> None:
    session.execute(delete(PersonBrand).where(PersonBrand.person_id == person_id))
    for name in dict.fromkeys(names):
        brand_id = session.scalar(select(Brand.id).where(Brand.name == name))
        if brand_id is None:
            message = f"unknown brand {name!r}; `allears brand list` shows the known ones"
            raise AlertsError(message)
        session.add(PersonBrand(person_id=person_id, brand_id=brand_id))
