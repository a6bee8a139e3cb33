"""Who may log in, what a role allows, which brands are seen."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from alerts import people
from alerts.errors import AlertsError, Forbidden, NotFound
from alerts.models import Event, Person
from tests.alerts.scene import Scene

SECRET = "correct horse battery"


def test_the_right_password_of_an_active_person_and_nothing_else(scene: Scene) -> None:
    person_id = people.add_person(scene.db, " Ida@Example.test ", "agent", SECRET)
    assert people.verify(scene.db, "IDA@example.test", SECRET) == person_id
    assert people.verify(scene.db, "ida@example.test", SECRET + "!") is None
    assert people.verify(scene.db, "nobody@example.test", SECRET) is None
    assert people.verify(scene.db, "mia@example.test", SECRET) is None  # has no password yet
    people.set_active(scene.db, "ida@example.test", active=False)
    assert people.verify(scene.db, "ida@example.test", SECRET) is None
    people.set_active(scene.db, "ida@example.test", active=True)
    people.set_password(scene.db, "ida@example.test", "another password")
    assert people.verify(scene.db, "ida@example.test", SECRET) is None
    assert people.verify(scene.db, "ida@example.test", "another password") == person_id


def test_a_password_is_stored_as_argon2id_and_a_weak_hash_is_renewed(small: Scene) -> None:
    from argon2 import PasswordHasher

    person_id = people.add_person(small.db, "ida@example.test", "agent", SECRET)
    with small.db.work() as session:
        person = session.get_one(Person, person_id)
        assert (person.password_hash or "").startswith("$argon2id$")
        weak = person.password_hash = PasswordHasher(time_cost=1, memory_cost=1024).hash(SECRET)
    assert people.verify(small.db, "ida@example.test", SECRET) == person_id
    with small.db.read() as session:
        assert session.get_one(Person, person_id).password_hash != weak


@pytest.mark.parametrize(
    ("email", "role", "password", "brands", "words"),
    [
        ("nobody", "agent", SECRET, [], "not an e-mail address"),
        ("a@b\n.test", "agent", SECRET, [], "not an e-mail address"),
        ("a@example.test", "boss", SECRET, [], "unknown role 'boss'"),
        ("a@example.test", "agent", "short", [], "at least 10 characters"),
        ("a@example.test", "agent", SECRET, ["Nope"], "unknown brand 'Nope'"),
        ("MIA@example.test", "agent", SECRET, [], "is there already"),
    ],
)
def test_what_cannot_be_added(
    small: Scene, email: str, role: str, password: str, brands: list[str], words: str
) -> None:
    with pytest.raises(AlertsError, match=words):
        people.add_person(small.db, email, role, password, brands)
    with small.db.read() as session:
        assert len(session.scalars(select(Person)).all()) == 5


def test_brands_limit_what_is_seen_and_none_means_all(scene: Scene) -> None:
    person_id = people.add_person(scene.db, "ida@example.test", "lead", SECRET, ["Acme"])
    with scene.db.read() as session:
        limited, free = people.viewer(session, person_id), people.viewer(session, scene.people["mia"])
    assert (limited.brand_ids, free.brand_ids) == (frozenset({scene.brand_id}), None)
    assert limited.sees(scene.brand_id)
    assert not limited.sees(scene.other_brand_id)
    assert free.sees(scene.other_brand_id)
    people.set_role(scene.db, person_id, "manager", ["Acme", "Other"], by=scene.people["lea"])
    with scene.db.read() as session:
        changed = people.viewer(session, person_id)
        event = session.scalars(select(Event).where(Event.kind == "person.role")).one()
    assert (changed.role, changed.brand_ids) == ("manager", frozenset({scene.brand_id, scene.other_brand_id}))
    assert event.data == {"person": person_id, "from": "lead", "to": "manager"}


def test_a_deactivated_person_is_no_viewer(small: Scene) -> None:
    people.set_active(small.db, "mia@example.test", active=False)
    with small.db.read() as session, pytest.raises(NotFound):
        people.viewer(session, small.people["mia"])


def test_every_permission_is_granted_to_somebody_and_admins_miss_none() -> None:
    for permission, roles in people.PERMISSIONS.items():
        assert roles <= set(people.ROLES), permission
        assert people.allowed("admin", permission), permission
    assert not people.allowed("agent", "people.edit")
    assert not people.allowed("manager", "reply.write")
    assert not people.allowed("agent", "reply.approve")
    with pytest.raises(KeyError):
        people.allowed("admin", "no.such")


def test_require_says_what_is_missing(small: Scene) -> None:
    with pytest.raises(Forbidden, match=r"your role \(agent\) does not allow this \(people.edit\)"):
        small.viewer().require("people.edit")
