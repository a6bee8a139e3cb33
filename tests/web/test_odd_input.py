"""Numbers that are none, ids no database can hold, NUL: each is refused in words, none is an error of ours."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.factories import World
from tests.web.conftest import post

HUGE = "99999999999999999999999"
SQUARED = "²"  # isdigit(), and yet no number

ASKED = {
    f"/mentions?after={HUGE}": 200, f"/mentions?after={SQUARED}": 200,
    "/mentions?since=9999-12-31&until=0001-01-01": 200,
    f"/inbox/changes?since={HUGE}": 400, f"/inbox/changes?since={SQUARED}": 400, "/inbox?after=zzz": 400,
    f"/inbox?incident={HUGE}": 200, f"/inbox?level={SQUARED}": 200, f"/inbox?assignee={HUGE}": 200,
    f"/alerts/{HUGE}": 404, f"/mentions/{HUGE}": 404, "/mentions?text=%00": 400, "/inbox?text=%ed%a0%80": 200,
    "/dashboard?since=0001-01-01": 200, "/dashboard?until=9999-12-31": 200, "/digests?period=never": 200,
    "/sources/new/carrier-pigeon": 200,
}  # fmt: skip

SENT = (
    ("/inbox/bulk", {"action": "assign", "id": HUGE}, 400),
    ("/inbox/bulk", {"action": "assign", "id": SQUARED}, 400),
    ("/alerts/1/assign", {"person": HUGE}, 400),
    ("/alerts/1/assign", {"person": SQUARED}, 400),
    ("/alerts/1/snooze", {"hours": SQUARED}, 400),
    ("/alerts/1/snooze", {"hours": HUGE}, 400),
    ("/alerts/1/notes", {"text": "a\0b"}, 400),
    ("/alerts/1/draft", {"text": "a\0b"}, 400),
    ("/alerts/1/by-hand", {"url": "javascript:alert(1)"}, 400),
    ("/profile", {"digest_hour": SQUARED, "timezone": "UTC"}, 400),
    ("/people/1/role", {"role": "emperor"}, 400),
    ("/rules", {"name": "x", "position": HUGE}, 400),
    ("/rules", {"name": "x", "min_level": SQUARED}, 400),
    ("/rules", {"name": "x", "assignee": HUGE}, 400),
    ("/rules", {"name": "x", "assignee": "4711"}, 400),
    (f"/replies/{HUGE}/undo", {}, 404),
    (f"/profile/tokens/{HUGE}/revoke", {}, 404),
)


def test_odd_addresses_are_answered_in_words(world: World, admin: FlaskClient) -> None:
    assert {path: admin.get(path).status_code for path in ASKED} == ASKED


def test_odd_forms_are_refused_in_words(world: World, admin: FlaskClient) -> None:
    for path, form, status in SENT:
        assert post(admin, path, **form).status_code == status, (path, form)
