"""What error answers mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from listener.errors import HttpError
from listener.http import raise_for
from listener.http.answers import retry_after

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def answer(status: int, headers: dict[str, str] | None = None, body: str = "") -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made.url = "https://bob:pw@api.example.test/bot12345:SECRET/send?access_token=SECRET"
    made.headers.update(headers or {})
    made._content = body.encode()
    return made


def error_of(status: int, headers: dict[str, str] | None = None, body: str = "") -> HttpError:
    with pytest.raises(HttpError) as caught:
        raise_for(answer(status, headers, body))
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 204, 304])
def test_what_is_no_error_passes(status: int) -> None:
    raise_for(answer(status))


@pytest.mark.parametrize(
    ("status", "permanent", "attention"),
    [
        (400, True, False), (401, True, True), (402, True, True), (403, True, False), (404, True, False),
        (408, False, False), (410, True, False), (422, True, False), (429, False, False), (500, False, False),
        (503, False, False), (599, False, False),
    ],
)  # fmt: skip
def test_who_can_help(status: int, permanent: bool, attention: bool) -> None:
    error = error_of(status)
    assert (error.status, error.permanent, error.attention) == (status, permanent, attention)
    assert error.hint or status in {400, 408, 422}
    assert str(error).startswith(f"api.example.test answered {status} ")
    assert "SECRET" not in str(error)
    assert "pw" not in str(error)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "120"}, timedelta(minutes=2)),
        ({"retry-after": "Wed, 25 Nov 2026 12:05:00 GMT"}, timedelta(minutes=5)),
        ({"x-ratelimit-reset": "2026-11-25T12:03:00.000Z"}, timedelta(minutes=3)),
        ({"x-rate-limit-reset": str(int(AT.timestamp()) + 900)}, timedelta(minutes=15)),
        ({"x-ratelimit-reset": str(int(AT.timestamp() * 1000) + 60_000)}, timedelta(minutes=1)),
        ({"x-ratelimit-reset": "59.5"}, timedelta(seconds=59.5)),
        ({"ratelimit-reset": "30"}, timedelta(seconds=30)),
        ({"retry-after": "Wed, 25 Nov 2026 11:00:00 GMT"}, timedelta(0)),
        ({"x-ratelimit-reset": "2099-01-01T00:00:00Z"}, timedelta(hours=24)),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1e300"}, None),
        ({}, None),
    ],
)
def test_until_when_to_wait(headers: dict[str, str], wait: timedelta | None) -> None:
    assert retry_after(headers, AT) == wait


def test_a_limit_that_is_spelled_403_is_a_limit() -> None:
    error = error_of(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"})
    assert not error.permanent
    assert error.retry_after == pytest.approx(timedelta(seconds=60), abs=timedelta(seconds=1))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": "This action is not allowed"}', "This action is not allowed"),
        ('{"error": {"message": "Bad\\ntoken EAABsbCS1iHgBAKZCd8"}}', "Bad token …"),
        ('{"errors": [{"detail": "Usage cap"}]}', "Usage cap"),
        ('{"detail": "see https://x.example.test/a?token=abc"}', "see https://x.example.test/a…"),
    ],
)
def test_the_platforms_own_words_are_kept_without_tokens(body: str, said: str) -> None:
    error = error_of(400, {"Content-Type": "application/json; charset=utf-8"}, body)
    assert str(error) == f"api.example.test answered 400 Bad Request: {said}"


@pytest.mark.parametrize("body", ["<html>", "[" * 100_000, '{"error": 5}', "[]", "null"])
def test_a_body_without_words_adds_none(body: str) -> None:
    assert str(error_of(400, {"Content-Type": "application/json"}, body)).endswith("Bad Request")


def test_the_reset_of_a_quota_is_no_wait_for_a_server_that_is_broken() -> None:
    quota = {"x-ratelimit-remaining": "598.0", "x-ratelimit-reset": "240"}
    assert error_of(500, quota).retry_after is None
    assert error_of(503, {**quota, "retry-after": "9"}).retry_after == timedelta(seconds=9)
    waited = error_of(429, quota).retry_after
    assert waited is not None
    assert timedelta(minutes=3) < waited <= timedelta(minutes=4)
