"""An agent's work in a real browser: from the log-in to the answer on the platform, by keyboard."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import delete

from tests import factories
from tests.browser.conftest import Complaints, Enter, Panel, fill_in
from web.models import LoginSession


def shown(page: Page) -> list[int]:
    found = page.locator("[data-alert-id]").evaluate_all("rows => rows.map(row => row.dataset.alertId)")
    return [int(one) for one in found]


def at(page: Page) -> int:
    return int(page.locator(".row.at").get_attribute("data-alert-id") or 0)


def test_from_the_inbox_to_an_undone_and_then_a_published_answer(panel: Panel, enter: Enter) -> None:
    panel.undo_window(30)
    page = enter()
    rows = shown(page)
    assert set(rows[:2]) == {panel.world.alert, panel.world.alerts["tomas_k"]}
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        assert at(page) == rows[place]
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{rows[1]}")
    expect(page.locator(".composerhead")).to_contain_text("as @acme to")

    page.keyboard.press("s")
    field = page.locator("[data-reply]")
    expect(field).to_be_focused()
    suggested = field.input_value()
    assert "https://acme.example.test/help" in suggested  # which Mastodon counts as 23, however long it is
    in_front = panel.world.in_front(rows[1])
    count = len(in_front + suggested) - len("https://acme.example.test/help") + 23
    expect(page.locator(".counter")).to_contain_text(f"{count} of 500")
    page.keyboard.press("Control+End")
    page.keyboard.type(" j k e")  # letters are text in a field
    expect(page.locator(".counter")).to_contain_text(f"{count + 6} of 500")
    page.locator("summary", has_text="What everybody will see").click()
    expect(page.locator(".preview .posttext")).to_have_text(in_front + suggested + " j k e")

    field.press("Control+Enter")
    expect(page.locator("[data-underway]")).to_contain_text("Your reply goes out in")
    page.click("[data-undo]")
    expect(field).to_have_value(suggested + " j k e")
    panel.publish()
    assert panel.platform == []

    panel.undo_window(1)
    field.press("Control+Enter")
    expect(page.locator("[data-underway]")).to_be_visible()
    page.wait_for_timeout(1100)
    panel.publish()
    expect(page.locator(".message.good")).to_contain_text("Answered by Agent Example")
    expect(page.locator(".post.ours .posttext")).to_have_text(suggested + " j k e")
    assert panel.platform == [suggested + " j k e"]


def test_a_text_that_is_too_long_is_counted_and_not_sent(
    panel: Panel, enter: Enter, complaints: Complaints
) -> None:
    complaints.expected.append("status of 422")  # how the panel refuses, and what Chromium says about it
    page = enter()
    page.goto(f"{panel.url}/alerts/{panel.world.alert}")
    page.fill("[data-reply]", "longer" * 84)
    over = len(panel.world.in_front(panel.world.alert)) + 4
    expect(page.locator(".counter.over")).to_contain_text(f"{500 + over} of 500")
    page.press("[data-reply]", "Control+Enter")
    expect(page.locator(".problems .bad")).to_contain_text(f"Stops sending: The reply is too long by {over}")
    expect(page.locator("[data-underway]")).to_have_count(0)
    panel.publish()
    assert panel.platform == []


def test_new_alerts_appear_by_themselves_and_wait_behind_a_bar_while_one_works(
    panel: Panel, enter: Enter
) -> None:
    page = enter()
    before = shown(page)
    more(panel, "Acme charged me twice and I cannot pay my rent", "Dov B.")
    expect(page.locator(".rowlink", has_text="Dov B.")).to_be_visible()
    page.keyboard.press("j")
    place = at(page)
    more(panel, "Acme locked my account and I fly tonight", "Ines P.")
    expect(page.locator("[data-newbar]")).to_have_text("1 new")
    assert at(page) == place
    page.click("[data-newbar]")
    expect(page.locator(".rowlink", has_text="Ines P.")).to_be_visible()
    assert len(shown(page)) == len(before) + 2


def more(panel: Panel, text: str, author: str) -> None:
    with panel.ctx.db.work() as session:
        factories.mention(session, panel.world.brand, panel.world.source, text, author=author)
    factories.triage_all(panel.ctx.db)


def test_triage_by_keyboard_goes_on_through_the_list_and_can_be_undone(panel: Panel, enter: Enter) -> None:
    page = enter()
    page.goto(f"{panel.url}/inbox?sort=oldest")
    rows = shown(page)
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator(f"[data-alert-id='{rows[0]}'] .who")).to_contain_text("Agent Example")
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(f"**/alerts/{rows[0]}")
    page.keyboard.press("e")
    page.wait_for_url(f"**/alerts/{rows[1]}")
    page.keyboard.press("j")
    page.wait_for_url(f"**/alerts/{rows[2]}")
    page.keyboard.press("u")
    page.wait_for_url("**/inbox?sort=oldest")
    assert shown(page) == rows[1:]
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("1 selected")
    page.keyboard.press("e")
    page.locator("[data-message]", has_text="1 alert closed.").get_by_role("button", name="Undo").click()
    page.wait_for_url("**/inbox?sort=oldest")
    assert shown(page) == rows[1:]


def test_letters_do_nothing_for_a_person_who_switched_them_off(panel: Panel, enter: Enter) -> None:
    page = enter()
    page.goto(f"{panel.url}/profile")
    page.uncheck("[name=shortcuts]")
    page.locator("form:has([name=shortcuts]) button").click()
    page.goto(f"{panel.url}/inbox")
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.locator(".row.at")).to_have_count(0)
    expect(page.locator("#help")).to_be_hidden()


def test_a_draft_outlives_reload_and_the_end_of_the_session(
    panel: Panel, enter: Enter, complaints: Complaints
) -> None:
    complaints.expected.append("status of 401")
    page = enter()
    page.goto(f"{panel.url}/alerts/{panel.world.alert}")
    page.fill("[data-reply]", "Please unplug it.")
    expect(page.locator("[data-saved]")).to_have_text("Draft saved")
    page.reload()
    expect(page.locator("[data-reply]")).to_have_value("Please unplug it.")
    with panel.ctx.db.work() as session:
        session.execute(delete(LoginSession))
    page.fill("[data-reply]", "Please unplug it now.")
    expect(page.locator("#toasts .message")).to_contain_text("You were logged out. What you wrote is kept")
    page.goto(f"{panel.url}/alerts/{panel.world.alert}")
    fill_in(page, "agent")
    expect(page.locator("[data-reply]")).to_have_value("Please unplug it now.")


def test_without_script_everything_is_a_plain_form(panel: Panel, enter: Enter) -> None:
    page = enter(java_script_enabled=False)
    page.locator("[data-alert-id] .rowlink", has_text="Nadia Weiss").click()
    page.get_by_role("button", name="Use").click()
    assert page.locator("[data-reply]").input_value()
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("[data-underway]")).to_contain_text("Your reply goes out in")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-message]")).to_contain_text("Not sent. Your text is a draft again.")
    page.get_by_role("button", name="Resolve, next").click()
    expect(page.locator("[data-message]")).to_contain_text("1 alert closed.")
