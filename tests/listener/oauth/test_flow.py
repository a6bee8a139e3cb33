"""The code flow by itself: what is asked for, what an answer must carry, what a refusal says."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from listener.errors import HttpError
from listener.ground import Ground
from listener.oauth import flow
from listener.oauth.platform import ConnectError, Platform
from tests.listener.channels.review_room import says
from tests.listener.oauth.room import CLIENT, REDIRECT, SECRET, Authority, x
from tests.listener.web_room import Answer, Site

__all__ = ["x"]


def platform(site: Site, **more: object) -> Platform:
    given = {
        "title": "Acme", "authorize_url": f"{site.url}/i/oauth2/authorize?theme=dark",
        "token_url": f"{site.url}/2/oauth2/token", "client_id": CLIENT, "client_secret": SECRET,
        "scopes": ("read", "write"), "basic": True, "extra": {"duration": "permanent"},
    }  # fmt: skip
    return Platform(**{**given, **more})  # type: ignore[arg-type]


def answer_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_address_carries_everything_and_no_secret(site: Site) -> None:
    url = flow.authorize_url(platform(site), state="s", verifier="v" * 43, redirect_uri=REDIRECT)
    asked = answer_of(url)
    assert asked.pop("code_challenge") not in {"", "v" * 43}
    assert asked == {
        "theme": "dark", "response_type": "code", "client_id": CLIENT, "redirect_uri": REDIRECT, "state": "s",
        "scope": "read write", "duration": "permanent", "code_challenge_method": "S256",
    }  # fmt: skip
    assert SECRET not in url


def test_a_state_and_a_verifier_cannot_be_guessed() -> None:
    made = {flow.secret() for _ in range(50)}
    assert len(made) == 50
    assert all(43 <= len(one) <= 128 for one in made)  # RFC 7636 §4.1


def test_a_code_buys_tokens_once_and_only_with_its_verifier(kit: Ground, site: Site, x: Authority) -> None:
    acme, verifier = platform(site), flow.secret()
    url = flow.authorize_url(acme, state="s", verifier=verifier, redirect_uri=REDIRECT)
    code = flow.code_of("Acme", answer_of(x.visit(url)), "s")
    granted = flow.exchange(kit.http, acme, code, verifier=verifier, redirect_uri=REDIRECT)
    assert (granted.life, granted.scope) == (7200.0, "read write")
    assert granted.refresh_token in x.refreshes
    with pytest.raises(ConnectError, match="works once") as raised:
        flow.exchange(kit.http, acme, code, verifier=verifier, redirect_uri=REDIRECT)
    assert code not in str(raised.value)
    stolen = flow.code_of("Acme", answer_of(x.visit(url)), "s")
    with pytest.raises(ConnectError):
        flow.exchange(kit.http, acme, stolen, verifier=flow.secret(), redirect_uri=REDIRECT)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"code": "c", "state": "other"}, "does not belong to the log-in"),
        ({"code": "c"}, "does not belong to the log-in"),
        ({"state": "s", "error": "access_denied"}, "access was refused"),
        ({"state": "s", "error": "server_error", "error_description": "a\nb"}, "server_error: a b"),
        ({"state": "s"}, "holds no code"),
        ({}, "this is no answer of Acme"),
    ],
)
def test_an_answer_that_is_none_says_what_to_do(answer: dict[str, str], said: str) -> None:
    with pytest.raises(ConnectError, match=said):
        flow.code_of("Acme", answer, "s")


def test_a_code_of_another_server_is_not_handed_on() -> None:
    answer = {"code": "c", "state": "s"}
    ours = "https://social.example.test"
    assert flow.code_of("Acme", answer, "s", ours) == "c"
    assert flow.code_of("Acme", {**answer, "iss": ours + "/"}, "s", ours) == "c"
    with pytest.raises(ConnectError, match="from another server"):
        flow.code_of("Acme", {**answer, "iss": "https://mastodon.social/"}, "s", ours)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says({"error": "redirect_uri_mismatch"}, 400), f"Register exactly {REDIRECT}"),
        (
            says({"error": "invalid_grant", "error_description": "Redirect URI differs"}, 400),
            "Register exactly",
        ),
        (says({"error": {"code": 100, "error_subcode": 36008, "message": "no"}}, 400), "Register exactly"),
        (says({"error": {"code": 100, "error_subcode": 36007, "message": "expired"}}, 400), "works once"),
        (says({"error": "invalid_client"}, 401), "Check the app's id and secret"),
        (says({"error": "invalid_grant"}, 200), "works once"),
        (
            says({"error_type": "OAuthException", "code": 400, "error_message": "no"}, 400),
            "OAuthException: no",
        ),
    ],
)
def test_a_refused_code_says_why(kit: Ground, site: Site, answer: Answer, said: str) -> None:
    site.answer = lambda asked: answer
    with pytest.raises(ConnectError, match=said):
        flow.exchange(kit.http, platform(site), "the-code", verifier="v", redirect_uri=REDIRECT)


def test_what_a_platform_repeats_of_ours_is_not_told(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: says(
        {"error": "invalid_grant", "error_description": f"{SECRET} is wrong"}, 400
    )
    with pytest.raises(ConnectError) as raised:
        flow.exchange(kit.http, platform(site), "the-code", verifier="v", redirect_uri=REDIRECT)
    assert SECRET not in str(raised.value)


def test_a_scope_that_was_not_allowed_is_named(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: says({"access_token": "a", "scope": "read"})
    with pytest.raises(ConnectError, match="write is missing"):
        flow.exchange(kit.http, platform(site), "the-code", verifier="v", redirect_uri=REDIRECT)


def test_a_platform_that_is_down_is_no_fault_of_the_person(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: Answer("<html>", 503)
    with pytest.raises(HttpError) as raised:
        flow.exchange(kit.http, platform(site), "the-code", verifier="v", redirect_uri=REDIRECT)
    assert not raised.value.attention


def test_a_public_client_names_itself_in_the_form(kit: Ground, site: Site) -> None:
    site.answer = lambda asked: says({"access_token": "a"})
    flow.exchange(kit.http, platform(site, client_secret=""), "c", verifier="v", redirect_uri=REDIRECT)
    assert f"client_id={CLIENT}".encode() in site.asked[0].body
    assert "authorization" not in site.asked[0].headers
