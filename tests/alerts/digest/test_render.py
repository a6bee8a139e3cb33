from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup

from alerts.digest import build, render, words
from alerts.digest.data import Coverage, Gap
from alerts.mail import serialised
from alerts.models import Incident, Person
from listener import i18n
from listener.db import Database
from tests.alerts import brand_week as week

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
PANEL = "https://listen.example.test"
NASTY = '<script>alert(1)</script><img src=x onerror=alert(1)> "quoted" \u202e reversed'


def mail_of(db: Database, *, locale: str = "en", kind: str = "daily", **fields: object) -> EmailMessage:
    """A digest of a busy day, in the reader's language."""
    with db.work() as session:
        acme = week.brand(session, "Acme & Söhne")
        incident = Incident(brand_id=acme.id, title=f"trouble {NASTY}", category="billing_payment")
        session.add(incident)
        session.flush()
        for _ in range(12):
            week.mention(session, acme, NOON)
        for _ in range(3):
            week.alert(
                session, acme, NOON, answered=NOON + timedelta(minutes=30), due=NOON + timedelta(hours=2),
                incident_id=incident.id,
            )  # fmt: skip
        week.alert(session, acme, NOON, level=3, text=f"burnt hand {NASTY}", due=NOON, author=NASTY)
        week.polls(session, week.source_of(session, acme), AT - timedelta(days=3), AT)
        person = week.person(session, locale=locale, **fields)
        return make(build(session, person, kind, DAY, at=AT))  # type: ignore[arg-type]


def make(data: object) -> EmailMessage:
    return render(
        data, public_url=PANEL, sender=Address("All Ears", "allears", "example.test"), message_id="<1@example.test>",
        unsubscribe=f"{PANEL}/unsubscribe/token",
    )  # type: ignore[arg-type]  # fmt: skip


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_the_headers_that_mail_programs_look_for(sqlite_db: Database) -> None:
    message = mail_of(sqlite_db, name="Mia\r\nBcc: x@example.test")
    assert message["Subject"] == "1 critical alert unanswered · Tue, Nov 24"
    assert message["To"].addresses[0].addr_spec == "mia@example.test"
    assert message["Bcc"] is None
    assert message["Message-ID"] == "<1@example.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "All Ears <digest.example.test>"
    assert message["List-Unsubscribe"] == f"<{PANEL}/unsubscribe/token>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Content-Language"] == "en"


def test_a_long_unsubscribe_address_is_not_encoded_as_words(sqlite_db: Database) -> None:
    with sqlite_db.work() as session:
        week.mention(session, week.brand(session), NOON)
        data = build(session, week.person(session), "daily", DAY, at=AT)
    address = f"https://listen.a-rather-long-name-of-a-company.example.test/{'x' * 120}"
    message = render(
        data, public_url=PANEL, sender=Address("All Ears", "allears", "example.test"), message_id="<1@example.test>",
        unsubscribe=address,
    )  # fmt: skip
    wire = serialised(message)
    assert f"List-Unsubscribe: <{address}>\r\n".encode() in wire
    assert max(len(line) for line in wire.splitlines()) < 998


@pytest.mark.parametrize("locale", ["en", "fr", "ru", "he"])
def test_numbers_and_the_worst_fit_the_first_hundred_characters(sqlite_db: Database, locale: str) -> None:
    text = text_of(mail_of(sqlite_db, locale=locale))
    first = text[:100]
    assert "\n" not in first.rstrip("\n")
    for number in ("16", "25", "4"):  # mentions, percent, alerts
        assert number in first
    assert "burnt" in first


@pytest.mark.parametrize("locale", ["en", "fr", "ru", "he"])
def test_every_language_says_everything(sqlite_db: Database, locale: str) -> None:
    message = mail_of(sqlite_db, locale=locale)
    soup = BeautifulSoup(html_of(message), "html.parser")
    assert soup.html is not None
    assert (soup.html["lang"], soup.html["dir"]) == (locale, "rtl" if locale == "he" else "ltr")
    if locale != "en":
        own = soup.get_text(" ")
        for english in ("unanswered", "Mentions per day", "Open the dashboard", "overdue", "Unsubscribe"):
            assert english not in own


def test_user_text_is_text_and_isolated(sqlite_db: Database) -> None:
    soup = BeautifulSoup(html_of(mail_of(sqlite_db)), "html.parser")
    assert soup.find("script") is None
    assert [image["src"] for image in soup.find_all("img")] == ["cid:chart"]
    isolated = [tag.get_text() for tag in soup.find_all("bdi", dir="auto")]
    assert any("burnt hand <script>" in text for text in isolated)
    assert any(text.startswith("trouble <script>") for text in isolated)
    assert "Acme & Söhne" in isolated
    assert "\u202e" not in soup.get_text()


def test_the_chart_is_inside_and_its_finding_is_said(sqlite_db: Database) -> None:
    message = mail_of(sqlite_db)
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<chart>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content().startswith(b"\x89PNG")
    alt = BeautifulSoup(html_of(message), "html.parser").find("img")["alt"]  # type: ignore[index]
    assert "16 in all" in alt
    assert "most on Tue, Nov 24 with 16, 4 of them negative" in alt


def test_every_number_leads_to_the_panel_with_its_filter(sqlite_db: Database) -> None:
    soup = BeautifulSoup(html_of(mail_of(sqlite_db)), "html.parser")
    queries = {link.get_text(): urlsplit(link["href"]) for link in soup.find_all("a")}
    assert all(link["href"].startswith(PANEL) for link in soup.find_all("a"))
    day = {"since": ["2026-11-24"], "until": ["2026-11-24"]}
    assert (queries["16"].path, parse_qs(queries["16"].query)["since"]) == ("/mentions", day["since"])
    assert parse_qs(queries["25%"].query)["sentiment"] == ["negative"]
    assert parse_qs(queries["1 critical"].query) == {
        "state": ["all"],
        "kind": ["alert"],
        "level": ["3"],
        **day,
    }
    assert parse_qs(queries["1"].query) == {"overdue": ["1"]}
    unlinked = [cell.get_text(strip=True) for cell in soup.select(".figure, .num") if not cell.find("a")]
    assert [text for text in unlinked if any(sign.isdigit() for sign in text)] == ["30 min"]


def test_mail_programs_get_what_they_can_show(sqlite_db: Database) -> None:
    html = html_of(mail_of(sqlite_db))
    assert len(html.encode()) < 102_000  # Gmail cuts what is longer
    assert "prefers-color-scheme: dark" in html
    assert 'width="600"' in html
    assert "<link" not in html
    assert "@import" not in html
    assert "display: flex" not in html
    assert "display: grid" not in html


def test_the_largest_digest_stays_under_the_limit(sqlite_db: Database) -> None:
    with sqlite_db.work() as session:
        for number in range(40):
            one = week.brand(session, f"Brand number {number} with quite a long name")
            week.alert(session, one, NOON, level=3, text="שלום " * 200, author="x" * 200)
            week.mention(session, one, NOON, channel="hackernews")
        person: Person = week.person(session, locale="he")
        message = make(build(session, person, "daily", DAY, at=AT))
    assert len(html_of(message).encode()) < 102_000
    assert len(text_of(message)) < 30_000


def test_a_dead_collector_is_not_a_quiet_day(sqlite_db: Database) -> None:
    with sqlite_db.work() as session:
        acme = week.brand(session)
        died = datetime(2026, 11, 24, 3, tzinfo=UTC)
        week.polls(session, week.source_of(session, acme), AT - timedelta(days=3), died)
        message = make(build(session, week.person(session, timezone="Europe/Paris"), "daily", DAY, at=AT))
    assert message["Subject"].startswith("Nothing heard: 1 source is silent")
    assert "Acme mastodon: blind on Mastodon since 11/24/26, 3:55" in text_of(message).replace("\u202f", " ")
    assert not [part for part in message.walk() if part.get_content_type() == "image/png"]


def test_a_calm_day_is_told_by_its_mentions(sqlite_db: Database) -> None:
    with sqlite_db.work() as session:
        acme = week.brand(session)
        week.mention(session, acme, NOON, sentiment="positive")
        week.polls(session, week.source_of(session, acme), AT - timedelta(days=3), AT)
        message = make(build(session, week.person(session), "daily", DAY, at=AT))
    assert message["Subject"] == "1 mention · Tue, Nov 24"
    assert "Heard without a gap: 1 source" in text_of(message)


@pytest.mark.parametrize(
    ("locale", "line", "headline"),
    [
        (
            "en",
            "blind on Mastodon since 11/24/26, 3:05 PM, healed 3:40 PM",
            "Heard late, but nothing is missing: 1 of 1",
        ),
        ("fr", "aveugle sur Mastodon depuis le 24/11/2026 15:05, rattrapé à 15:40", "1 source sur 1"),
        ("ru", "24.11.2026, 15:05, восстановлено 15:40", "1 источника из 1"),
        ("he", "לא נשמע ב-Mastodon מאז 24.11.2026, 15:05, הושלם 15:40", "מקור אחד מתוך 1"),
    ],
)
def test_a_healed_gap_is_told_by_the_reader_s_clock(
    sqlite_db: Database, locale: str, line: str, headline: str
) -> None:
    """14:05 to 14:40 in UTC is an hour later in Paris."""
    begin = datetime(2026, 11, 24, tzinfo=UTC)
    with sqlite_db.work() as session:
        acme = week.brand(session)
        week.mention(session, acme, NOON, sentiment="positive")
        source = week.source_of(session, acme)
        week.polls(session, source, begin - timedelta(days=1), begin + timedelta(hours=14, minutes=10))
        week.polls(session, source, begin + timedelta(hours=14, minutes=40), AT)
        person = week.person(session, locale=locale, timezone="Europe/Paris")
        text = (
            text_of(make(build(session, person, "daily", DAY, at=AT)))
            .replace("\u202f", " ")
            .replace("\xa0", " ")
        )
    assert line in text.partition("Acme mastodon: ")[2].partition("\n")[0]
    assert headline in text


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_blind_sources_are_counted_in_every_language_s_forms(locale: str, count: int) -> None:
    zone_start = datetime(2026, 11, 24, tzinfo=UTC)
    gaps = tuple(Gap(f"s{n}", "x", zone_start, None) for n in range(count))
    healed = tuple(Gap(f"s{n}", "x", zone_start, zone_start + timedelta(hours=1)) for n in range(count))
    with i18n.use(locale):
        said = {words.coverage(SimpleNamespace(coverage=Coverage(9, 100, found))) for found in (gaps, healed)}  # type: ignore[arg-type]
    assert len(said) == 2
    assert all("9" in text for text in said)
    assert all(str(count) in text or (locale == "he" and count == 1) for text in said)
