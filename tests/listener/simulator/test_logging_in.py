"""Logging in on the simulated instance: as the real library does it, and as All Ears does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from mastodon import Mastodon
from mastodon.errors import MastodonIllegalArgumentError

from listener import accounts
from listener.accounts import ConnectError
from listener.cli.loopback import answer_of
from listener.db import Database
from listener.ground import Ground
from listener.simulator import Simulator

REDIRECT = "http://127.0.0.1:8766/accounts/callback"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("quiet", live=False, rate_limit=100_000) as started:
        yield started


def say(url: str, answer: str = "allow", who: int = 0) -> str:
    """Open the page, choose a person, press a button; return the address one is sent to."""
    page = requests.get(url, timeout=5)
    assert page.status_code == 200, page.text
    people = re.findall(r'<option value="(\d+)">', page.text)
    form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    sent = requests.post(
        url.partition("?")[0],
        data={**form, "who": people[who], "answer": answer},
        allow_redirects=False,
        timeout=5,
    )
    assert sent.status_code == 302, sent.text
    return sent.headers["Location"]


def test_the_real_library_registers_and_logs_in(sim: Simulator) -> None:
    client_id, client_secret = Mastodon.create_app(
        "A reader", api_base_url=sim.base_url, scopes=["read"], redirect_uris=REDIRECT
    )
    client = Mastodon(
        client_id=client_id, client_secret=client_secret, api_base_url=sim.base_url, mastodon_version="4.3.0",
        version_check_mode="created",
    )  # fmt: skip
    url = client.auth_request_url(scopes=["read"], redirect_uris=REDIRECT)
    code = answer_of(say(url))["code"]
    client.log_in(code=code, redirect_uri=REDIRECT, scopes=["read"])
    assert sim.world.brand is not None
    assert client.account_verify_credentials()["acct"] == sim.world.brand.acct
    with pytest.raises(MastodonIllegalArgumentError):
        client.log_in(code=code, redirect_uri=REDIRECT, scopes=["read"])


def test_all_ears_connects_and_connects_again(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    settings = {"base_url": sim.base_url}
    pending = accounts.begin(sqlite_db, kit, "mastodon", settings, redirect_uri=REDIRECT)
    done = accounts.finish(sqlite_db, kit, pending, answer_of(say(pending.url)))
    assert sim.world.brand is not None
    assert f"as @{sim.world.brand.acct}" in done.line
    again = accounts.begin(sqlite_db, kit, done.account_id, {}, redirect_uri=REDIRECT)
    with pytest.raises(ConnectError, match="access was refused"):
        accounts.finish(sqlite_db, kit, again, answer_of(say(again.url, "deny")))
    with pytest.raises(ConnectError, match="Nothing was changed"):
        accounts.finish(sqlite_db, kit, again, answer_of(say(again.url, who=1)))
    assert accounts.finish(sqlite_db, kit, again, answer_of(say(again.url))).account_id == done.account_id


def test_nobody_is_sent_to_an_address_that_is_not_registered(sim: Simulator) -> None:
    client_id, client_secret = Mastodon.create_app(
        "A reader", api_base_url=sim.base_url, scopes=["read"], redirect_uris=REDIRECT
    )
    asked = {
        "client_id": client_id,
        "redirect_uri": "https://elsewhere.example.test/",
        "response_type": "code",
    }
    page = requests.get(f"{sim.base_url}/oauth/authorize", params=asked, allow_redirects=False, timeout=5)
    assert page.status_code == 400
    form = {"client_id": client_id, "client_secret": client_secret, "grant_type": "authorization_code"}
    refused = requests.post(f"{sim.base_url}/oauth/token", data={**form, "code": "guessed"}, timeout=5)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    wrong = requests.post(f"{sim.base_url}/oauth/token", data={**form, "client_secret": "w"}, timeout=5)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
