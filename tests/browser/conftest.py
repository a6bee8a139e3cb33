"""A real Chromium on a real panel: served by waitress on loopback, filled with the invented world of the panel's tests.

Whatever a page writes to the console, asks of another host or fails to load fails the test that opened it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from alerts import people
from alerts import reply as replies
from listener.channels.base import Sent
from listener.channels.mastodon import Mastodon
from listener.db import Database, now
from tests import factories
from tests.factories import World
from web.composition import Context
from web.server import Server
from web.settings import Loaded, Settings

CHROMIUM = os.environ.get("ALLEARS_TEST_CHROMIUM")
PATIENCE = 15_000  # ms: a busy machine is slow, and a missing element fails all the same


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here; skip it, with the reason, where no browser is named."""
    missing = pytest.mark.skip(
        reason="ALLEARS_TEST_CHROMIUM is not set: the panel is not tested in a browser"
    )
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        made = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield made
        made.close()


@dataclass
class Panel:
    """The panel, its world, and the platform it publishes to."""

    url: str
    ctx: Context
    world: World
    platform: list[str] = field(default_factory=list)

    def undo_window(self, seconds: int) -> None:
        self.ctx.settings.alerts.undo_seconds_by_channel["mastodon"] = seconds

    def publish(self) -> None:
        """Do what the clock of a running instance does every two seconds."""
        replies.send(self.ctx.db, self.ctx.ground, at=now())


@pytest.fixture
def panel(sqlite_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Panel]:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(people, "_hasher", lambda: cheap)
    platform: list[str] = []

    def reply(self: Mastodon, to: object, text: str, *, key: str) -> Sent:
        platform.append(text)
        return Sent(id=f"sent-{len(platform)}", url=f"https://example.test/sent/{len(platform)}")

    monkeypatch.setattr(Mastodon, "reply", reply)
    settings = Settings(public_url="http://localhost", database={"url": str(sqlite_db.url)})
    ctx = Context(Loaded(home=tmp_path, file=None, values=settings))
    server = Server(ctx, "127.0.0.1", 0)
    server.start()
    yield Panel(server.url, ctx, factories.world(ctx.db, ctx.ground), platform)
    server.stop()
    ctx.close()


@dataclass
class Complaints:
    """What went wrong behind a test's back. `expected`: parts of console lines that the test provokes."""

    home: str
    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def console(self, message: ConsoleMessage) -> None:
        line = f"{message.type}: {message.text}"
        if message.type in {"error", "warning"} and not any(part in line for part in self.expected):
            self.found.append(line)

    def asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme != "data" and not request.url.startswith(self.home):
            self.found.append(f"asked elsewhere: {request.url}")


Enter = Callable[..., Page]
"""Opens a browser of its own for a role, logs in, and returns its page at the inbox."""


@pytest.fixture
def complaints(panel: Panel) -> Iterator[Complaints]:
    made = Complaints(panel.url)
    yield made
    assert made.found == []


@pytest.fixture
def enter(browser: Browser, panel: Panel, complaints: Complaints) -> Iterator[Enter]:
    opened: list[BrowserContext] = []

    def log_in(role: str = "agent", **options: object) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options}
        )
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        page = context.new_page()
        page.on("console", complaints.console)
        page.on("pageerror", lambda error: complaints.found.append(f"script: {error}"))
        page.on("request", complaints.asked)
        page.goto(f"{panel.url}/login")
        fill_in(page, role)
        page.wait_for_url("**/inbox")
        return page

    yield log_in
    for context in opened:
        context.close()


def fill_in(page: Page, role: str) -> None:
    page.fill("[name=email]", factories.email(role))
    page.fill("[name=password]", factories.PASSWORD)
    page.press("[name=password]", "Enter")
