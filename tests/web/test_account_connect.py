"""`allears account connect` as a person runs it: the real command, a real browser's steps, a real loopback port."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.listener.oauth.room import CLIENT, SECRET, Authority, x
from tests.listener.web_room import site
from tests.web.test_commands import home, refused, run

__all__ = ["home", "site", "x"]


@pytest.fixture
def redirect() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/accounts/callback"


def words(x: Authority, redirect: str, *more: str) -> list[str]:
    x.redirects = [redirect]
    given = ["client_id=" + CLIENT, "client_secret=env:THE_SECRET", "base_url=" + x.site.url]
    return ["--redirect-uri", redirect, *(part for one in given for part in ("--set", one)), *more]


@contextmanager
def running(home: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; give it, and the address it prints."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("ALLEARS_")}
    mine = {"ALLEARS_HOME": str(home), "ALLEARS_NETWORK__ALLOW": '["127.0.0.1:*"]', "THE_SECRET": SECRET}
    with subprocess.Popen(
        [sys.executable, "-m", "web", "account", "connect", *args], env=known | mine, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(3)]
            if not lines[2].startswith("http"):
                raise AssertionError(process.communicate(timeout=60)[1])
            yield process, lines[2].strip()
        finally:
            process.kill()


def accounts(home: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run(home, "account", "list", "--json").stdout)
    return found


def test_the_browser_comes_back_to_the_command(home: Path, x: Authority, redirect: str) -> None:
    with running(home, "x", *words(x, redirect)) as (process, url):
        elsewhere = redirect.replace("/accounts/callback", "/favicon.ico")
        assert requests.get(elsewhere, timeout=5).status_code == 404
        stray = requests.get(f"{redirect}?state=guessed&code=stolen", timeout=5)
        assert stray.status_code == 400  # it neither ends the wait nor is believed
        assert "another log-in" in stray.text
        back = requests.get(x.visit(url), timeout=5)
        assert "go back to the terminal" in back.text
        told, logged = process.communicate(timeout=60)
        assert process.returncode == 0, logged
    assert "OK: X as @acme" in told
    assert "allears source add x --account 1" in told
    assert [(row["handle"], row["health"]) for row in accounts(home)] == [("@acme", "ok")]
    assert not any(hidden in told + logged for hidden in (SECRET, *x.tokens, *x.refreshes))
    done = run(home, "source", "add", "x", "--name", "x", "--brand", "Acme", "--account", "1")
    assert done.returncode == 0, done.stderr
    assert accounts(home)[0]["sources"] == ["x"]
    with running(home, "1", "--redirect-uri", redirect) as (process, url):  # and again, by its id
        requests.get(x.visit(url), timeout=5)
        told, logged = process.communicate(timeout=60)
    assert "its sources go on where they stopped" in told, logged
    with running(home, "1", "--redirect-uri", redirect) as (process, url):
        requests.get(x.visit(url, "zenith"), timeout=5)
        _, logged = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "@zenith" in logged
    assert accounts(home)[0]["handle"] == "@acme"


def test_an_account_without_sources_can_be_removed(home: Path, x: Authority, redirect: str) -> None:
    for who in ("acme", "zenith"):
        with running(home, "x", *words(x, redirect)) as (process, url):
            requests.get(x.visit(url, who), timeout=5)
            assert process.wait(60) == 0
    run(home, "source", "add", "x", "--name", "x", "--brand", "Acme", "--account", "1")
    assert run(home, "account", "remove", "2").returncode == 0
    refused(run(home, "account", "remove", "2"), "there is no account 2")
    refused(run(home, "account", "remove", "1"), "has sources")
    assert [row["handle"] for row in accounts(home)] == ["@acme"]


def test_the_address_can_be_pasted(home: Path, x: Authority, redirect: str) -> None:
    with running(home, "x", "--paste", *words(x, redirect)) as (process, url):
        told, logged = process.communicate(x.visit(url) + "\n", timeout=60)
    assert process.returncode == 0, logged
    assert "OK: X as @acme" in told
    for pasted, said in (
        (f"{redirect}?code=c&state=other", "its state differs"),
        ("yes", "this is no answer of X"),
    ):
        with running(home, "x", "--paste", *words(x, redirect)) as (process, _url):
            _, logged = process.communicate(pasted + "\n", timeout=60)
        assert (process.returncode, said in logged, "Traceback" in logged) == (1, True, False), logged
    with running(home, "x", "--paste", *words(x, redirect)) as (process, url):
        _, logged = process.communicate(x.visit(url, deny=True) + "\n", timeout=60)
    assert "access was refused" in logged


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--redirect-uri", "https://panel.example.test/accounts/callback"], "use --paste"),
        (["--wait", "1s"], "nobody came back"),
        (["--wait", "soon"], "write a number and s, m, h or d"),
    ],
)
def test_what_cannot_work_says_so(
    home: Path, x: Authority, redirect: str, more: list[str], said: str
) -> None:
    args = words(x, redirect, *more)
    done = run(
        home, "account", "connect", "x", *args, THE_SECRET=SECRET, ALLEARS_NETWORK__ALLOW='["127.0.0.1:*"]'
    )
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_named(home: Path, x: Authority, redirect: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", urlsplit(redirect).port or 0))
        taken.listen()
        done = run(home, "account", "connect", "x", *words(x, redirect), THE_SECRET=SECRET)
    assert done.returncode == 1
    assert "cannot be listened to" in done.stderr
    assert "--redirect-uri" in done.stderr
