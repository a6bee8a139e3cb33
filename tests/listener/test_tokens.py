"""Access tokens: kept while they are good, asked for when they are not, and never in a message."""

from __future__ import annotations

import pytest

from listener import tokens
from listener.errors import HttpError
from listener.ground import Ground
from listener.tokens import Granted
from tests.listener.channels.review_room import says
from tests.listener.web_room import Answer, Site

FORM = {"grant_type": "refresh_token", "refresh_token": "very-secret-refresh-token"}


def test_a_token_is_kept_until_shortly_before_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("listener.tokens.time.monotonic", lambda: clock[0])
    asked: list[int] = []

    def fetch() -> Granted:
        asked.append(1)
        return Granted(f"t{len(asked)}", life=300)

    key = "test_a_token_is_kept"
    assert [tokens.access_token(key, fetch) for _ in range(3)] == ["t1"] * 3
    clock[0] += 239
    assert tokens.access_token(key, fetch) == "t1"
    clock[0] += 2  # a minute is left of its five
    assert tokens.access_token(key, fetch) == "t2"
    tokens.forget(key)
    assert tokens.access_token(key, fetch) == "t3"


def test_what_was_granted_is_read(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: says({"access_token": "a", "expires_in": "359999", "refresh_token": "next"})
    assert tokens.grant(kit.http, site.url, FORM, title="Acme") == Granted("a", 359999.0, "next")
    site.answer = lambda asked: says({"access_token": "a", "expires_in": "soon"})
    assert tokens.grant(kit.http, site.url, FORM, title="Acme") == Granted("a", 3600.0)
    assert b"refresh_token=very-secret-refresh-token" in site.asked[0].body


@pytest.mark.parametrize(
    ("answer", "attention"),
    [
        (says({"error": "invalid_grant", "error_description": "revoked"}, 400), True),
        (says({"error": "invalid_client"}, 401), True),
        (says({}, 403), True),
        (says({"error": "temporarily_unavailable"}, 503), False),
        (says({"token": "a"}), False),
        (Answer("<html>"), False),
    ],
)
def test_a_refusal_says_whether_a_person_must_act(
    kit: Ground, site: Site, answer: Answer, attention: bool
) -> None:
    site.answer = lambda asked: answer
    with pytest.raises(HttpError) as raised:
        tokens.grant(kit.http, site.url, FORM, title="Acme", auth=("key", "very-secret-key"))
    assert raised.value.attention is attention
    assert not raised.value.delivered  # what was to be published was never sent
    assert "very-secret" not in f"{raised.value} {raised.value.hint}"


def test_nobody_there_is_an_error_of_the_network(kit: Ground) -> None:
    with pytest.raises(HttpError) as raised:
        tokens.grant(kit.http, "http://127.0.0.1:9", FORM, title="Acme")
    assert not raised.value.attention


def test_a_digest_tells_apart_without_telling() -> None:
    assert tokens.digest("one") != tokens.digest("two")
    assert len(tokens.digest("one")) == 16
