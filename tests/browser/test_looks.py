"""Every page, light, dark, narrow, right to left: nothing cut off, nothing unreadable, nothing without a name."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import audit
from tests.browser.conftest import Complaints, Enter, Panel

PAGES = (
    "/inbox", "/inbox?state=closed&level=3", "/alerts/{alert}", "/mentions", "/mentions/8", "/dashboard", "/digests",
    "/sources", "/sources/new/mastodon", "/accounts", "/accounts/1", "/coverage", "/coverage/1",
    "/rules", "/playbook", "/people", "/profile", "/alerts/4711",
)  # fmt: skip


def visit(page: Page, panel: Panel) -> dict[str, list[str]]:
    """Look at every page; return what is wrong, by page."""
    wrong: dict[str, list[str]] = {}
    for path in PAGES:
        page.goto(panel.url + path.format(alert=panel.world.alert))
        for details in page.locator("main details:not([open])").all():
            if details.is_visible():
                details.evaluate("one => one.open = true")
        found = audit.complaints(page)
        sideways = audit.overflow(page)
        if sideways > 0:
            found.append(f"scrolls sideways by {sideways}")
        if found:
            wrong[path] = found
    return wrong


WRONG = """<!doctype html><html><head><title>x</title></head><body><main><h1 id=a>One</h1><p id=a>two</p><p>three</p>
<p style="color:#999">grey on white</p><p style="opacity:.3">faint</p><a href=/x><svg></svg></a>
<input name=lonely style="height:30px">
<button style="width:9px;height:9px;padding:0">i</button><ul><p>four</p></ul><div style="width:200vw">wide</div>"""


def test_the_audit_finds_what_is_wrong(enter: Enter) -> None:
    page = enter()
    page.goto("about:blank")  # where no policy takes the styles away
    page.set_content(WRONG)
    found = [one.partition(":")[0] for one in audit.complaints(page)]
    assert sorted(found) == [
        "contrast 2.11", "contrast 2.85", "id twice", "no name", "no name", "not an item", "only 9x9",
    ]  # fmt: skip
    assert audit.overflow(page) > 1000


@pytest.fixture(autouse=True)
def missing_pages(complaints: Complaints) -> None:
    complaints.expected.append("status of 404")  # one of the pages says that there is no such alert


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_named_readable_and_in_one_piece(scheme: str, panel: Panel, enter: Enter) -> None:
    page = enter("admin", color_scheme=scheme)
    assert visit(page, panel) == {}
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (ground == "rgb(244, 246, 248)") is (scheme == "light")


def test_on_a_narrow_screen_in_hebrew(panel: Panel, enter: Enter) -> None:
    page = enter("admin", viewport={"width": 320, "height": 640})
    assert {path: found for path, found in visit(page, panel).items() if "sideways" in str(found)} == {}
    page.goto(f"{panel.url}/profile")
    page.select_option("[name=locale]", "he")
    page.locator("form:has([name=locale]) button").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "he")
    assert visit(page, panel) == {}
    page.goto(f"{panel.url}/inbox")
    row = page.locator(f"[data-alert-id='{panel.world.alert}']")
    latin = row.locator(".rowtext bdi")
    expect(latin).to_have_attribute("dir", "ltr")
    assert latin.evaluate("one => getComputedStyle(one).textAlign") == "right"  # where the rows begin
    edge, box = row.bounding_box(), row.locator(".pick").bounding_box()
    assert edge is not None
    assert box is not None
    assert box["x"] > edge["x"] + edge["width"] / 2  # mirrored


def test_the_scheme_is_chosen_by_hand_and_kept(panel: Panel, enter: Enter) -> None:
    page = enter(color_scheme="light")
    page.locator("[data-theme-switch]").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 19, 24)"


def test_the_browser_stops_what_the_policy_does_not_allow(
    panel: Panel, enter: Enter, complaints: Complaints
) -> None:
    """The other tests would notice a violation; this one proves that there is something to notice."""
    complaints.expected.append("Content Security Policy")
    page = enter()
    stopped = page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (event) => done(event.violatedDirective));
            const script = document.createElement("script");
            script.textContent = "window.foreign = true";
            document.body.append(script);
        })"""
    )
    assert stopped.startswith("script-src")
    assert page.evaluate("window.foreign") is None
