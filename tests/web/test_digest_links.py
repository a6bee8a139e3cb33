"""What a digest says is what the panel shows behind the link, and leaving it works from the mail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select

from alerts import digest, unsubscribe
from alerts.mail import Mailer
from alerts.models import Digest, Person
from alerts.settings import MailSettings
from tests.alerts import brand_week as week
from web.composition import Context

DAY = date(2025, 11, 24)  # before whatever the panel's own test world holds
ZONE = "Asia/Jerusalem"


@pytest.fixture
def mail(ctx: Context, admin: FlaskClient) -> EmailMessage:
    """The digest of the admin for a day with posts on both sides of both midnights."""
    with ctx.db.work() as session:
        acme = week.brand(session, "Kettle & Co")
        person = session.scalars(select(Person).where(Person.role == "admin")).one()
        person.timezone = ZONE
        midnight = datetime(2025, 11, 23, 22, tzinfo=UTC)
        for minutes in (-1, 0, 60, 24 * 60 - 1, 24 * 60):
            week.mention(session, acme, midnight + timedelta(minutes=minutes), sentiment="negative")
            week.mention(session, acme, midnight + timedelta(minutes=minutes), sentiment="positive")
            week.alert(session, acme, midnight + timedelta(minutes=minutes), level=3 if minutes else 2)
        person_id = person.id
    mailer = Mailer(MailSettings(host="127.0.0.1"))
    return digest.preview(ctx.db, mailer, ctx.settings, person_id, "daily", DAY)


def link(mail: EmailMessage, text: str, path: str) -> str:
    html = mail.get_body(("html",))
    assert html is not None
    soup = BeautifulSoup(html.get_content(), "html.parser")
    links = [(one.get_text(), str(one["href"])) for one in soup.find_all("a")]
    found = next(href for shown, href in links if shown == text and path in href)
    return found.removeprefix("http://localhost")


def test_the_number_of_mentions_is_the_number_of_rows(mail: EmailMessage, admin: FlaskClient) -> None:
    assert admin.get(link(mail, "9", "/mentions")).text.count("data-mention-id=") == 9


def test_the_share_of_negatives_leads_to_the_negatives(mail: EmailMessage, admin: FlaskClient) -> None:
    assert admin.get(link(mail, "67%", "sentiment=negative")).text.count("data-mention-id=") == 6


def test_the_number_of_alerts_is_the_number_of_rows(mail: EmailMessage, admin: FlaskClient) -> None:
    assert admin.get(link(mail, "3", "/inbox?state=all")).text.count("data-alert-id=") == 3
    assert admin.get(link(mail, "2 critical", "/inbox")).text.count("data-alert-id=") == 2


def test_every_link_leads_somewhere(mail: EmailMessage, admin: FlaskClient) -> None:
    html = mail.get_body(("html",))
    assert html is not None
    links = {str(one["href"]) for one in BeautifulSoup(html.get_content(), "html.parser").find_all("a")}
    assert len(links) > 8
    for one in links:
        if unsubscribe.PATH in one:
            continue  # of a preview: leads nowhere on purpose
        assert admin.get(one.removeprefix("http://localhost")).status_code == 200, one


def test_a_link_scanner_unsubscribes_nobody_and_one_click_does(ctx: Context, app_client: FlaskClient) -> None:
    token, hashed = unsubscribe.new_token()
    with ctx.db.work() as session:
        mia = week.person(session, digest_weekly=True)
        session.add(
            Digest(person_id=mia.id, period="weekly", start=DAY, state="sent", unsubscribe_hash=hashed)
        )
        person_id = mia.id
    address = unsubscribe.link("", token)

    def on() -> bool:
        with ctx.db.read() as session:
            return session.get_one(Person, person_id).digest_weekly

    assert app_client.get(address).status_code == 200
    assert on()
    # RFC 8058: the mail program posts without cookies and without having seen a page
    answer = app_client.post(address, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not on()
    assert (
        app_client.post(unsubscribe.link("", "guess"), data={"List-Unsubscribe": "One-Click"}).status_code
        == 404
    )


@pytest.fixture
def app_client(app: object, world: object) -> FlaskClient:
    return app.test_client()  # type: ignore[attr-defined,no-any-return]
