"""What Google's errors mean for the schedule, and the keys it gives."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from listener import google
from listener.google import GoogleError, account_of, judge
from listener.ground import Ground
from tests.listener.channels import keys
from tests.listener.channels.review_room import says
from tests.listener.web_room import Answer, Site

HOUR = timedelta(hours=1)


def raised_by(kit: Ground, site: Site, answer: Answer) -> GoogleError:
    site.answer = lambda asked: answer
    with pytest.raises(GoogleError) as raised:
        kit.http.request("GET", site.url, judge=judge(lambda: HOUR))
    return raised.value


def refusal(status: int, reason: str, **more: str) -> Answer:
    return says({"error": {"code": status, "message": "no", "errors": [{"reason": reason}]}}, status, **more)


@pytest.mark.parametrize(
    ("status", "reason", "wait"),
    [
        (403, "quotaExceeded", HOUR),
        (403, "dailyLimitExceeded", HOUR),
        (403, "rateLimitExceeded", timedelta(minutes=1)),
        (429, "RESOURCE_EXHAUSTED", timedelta(minutes=1)),
    ],
)
def test_a_spent_quota_waits_and_asks_nobody(
    kit: Ground, site: Site, status: int, reason: str, wait: timedelta
) -> None:
    error = raised_by(kit, site, refusal(status, reason))
    assert (error.status, error.retry_after, error.attention, error.permanent) == (429, wait, False, False)


def test_googles_own_reset_wins(kit: Ground, site: Site) -> None:
    error = raised_by(kit, site, refusal(429, "rateLimitExceeded", Retry_After="30"))
    assert error.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "keyInvalid"), (403, "accessNotConfigured"), (403, "insufficientPermissions"), (401, "authError")],
)
def test_what_a_person_must_do_is_said(kit: Ground, site: Site, status: int, reason: str) -> None:
    error = raised_by(kit, site, refusal(status, reason))
    assert (error.attention, error.permanent, error.reason) == (True, True, reason)
    assert error.hint


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"details": [{"reason": "API_KEY_INVALID"}]}}, "API_KEY_INVALID"),
        ({"error": {"status": "NOT_FOUND"}}, "NOT_FOUND"),
        ({"error": "error message"}, "error message"),
        ({"error": None}, ""),
        ([], ""),
        ("text", ""),
    ],
)
def test_the_reason_is_found_wherever_it_stands(kit: Ground, site: Site, body: Any, reason: str) -> None:
    assert raised_by(kit, site, says(body, 400)).reason == reason


def test_a_fault_of_google_is_tried_again(kit: Ground, site: Site) -> None:
    error = raised_by(kit, site, Answer("<html>", 503))
    assert (error.status, error.permanent, error.attention) == (503, False, False)


def test_a_service_account_is_read_whatever_became_of_its_line_ends() -> None:
    text = keys.service_account()
    assert account_of(text) == account_of(text.replace("\\n", "\\\\n"))


def test_a_key_that_could_be_read_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def reading(data: bytes, password: None) -> None:
        read.append(data)
        if b"broken" in data:
            raise ValueError

    monkeypatch.setattr(google, "load_pem_private_key", reading)
    monkeypatch.setattr(google, "_read_before", set())
    text = keys.service_account()
    assert account_of(text) == account_of(text)
    assert len(read) == 1
    broken = json.dumps({**json.loads(text), "private_key": "broken"})
    for _ in range(2):
        with pytest.raises(ValueError, match="cannot be read"):
            account_of(broken)
