"""Writes one notice in the language of its reader: the mail, or the line for a team chat. Reads, sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

from sqlalchemy.orm import Session

from alerts import letters
from alerts.digest.links import Links
from alerts.letters import oneline
from alerts.mail import Mailer, MailError, address
from alerts.models import Alert, Delivery, Person
from alerts.notify.chat import Line
from alerts.notify.rows import fingerprint
from alerts.settings import AlertSettings
from alerts.texts import channel_name, gettext, level_name
from listener import i18n
from listener.db import now
from listener.models import Brand, Mention, Source
from listener.streams.models import Stream


class Skip(Exception):  # noqa: N818 - not an error: there is nothing left to tell
    """The notice has become needless; the text says why."""


class Surroundings(Protocol):
    """The part of the settings that notices need."""

    @property
    def public_url(self) -> str:
        """How people reach the panel."""

    @property
    def alerts(self) -> AlertSettings:
        """Where critical alerts are pushed as well."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What a notice says of a stream; the same names as on a source."""

    name: str
    kind: str
    failing_since: datetime
    error: str | None
    hint: str | None


def mail(session: Session, row: Delivery, mailer: Mailer, settings: Surroundings) -> EmailMessage:
    """Return the mail of a notice. Raises Skip when it is needless by now, MailError when the address is unusable."""
    person = session.get(Person, row.person_id) if row.person_id else None
    if person is None or not person.active or not person.notify:
        raise Skip("the reader has left or switched notices off")
    values = _broken(session, row) if row.kind == "attention" else _alert(session, row)
    zone = i18n.zone_of(person.timezone)
    values |= {"links": Links(settings.public_url), "zone": zone, "now": now()}
    with i18n.use(person.locale):
        envelope = letters.Envelope(
            sender=mailer.sender,
            to=address(person.name, person.email),
            message_id=mailer.new_message_id(),
            at=now(),
            list_id=row.kind,
        )
        return letters.compose(row.kind, envelope, values)


def chat_text(session: Session, row: Delivery, settings: Surroundings) -> Line:
    """Return the line for a chat, in English. Raises Skip, or MailError when the chat is no longer in the settings."""
    found = _alert(session, row)
    alert, brand = found["alert"], found["brand"]
    url = next((url for url in settings.alerts.apprise_urls if fingerprint(url) == row.data.get("url")), None)
    if url is None:
        raise MailError("this team chat is no longer in alerts.apprise_urls", permanent=True)
    if not isinstance(alert, Alert):  # pragma: no cover - _alert gives one
        raise TypeError(alert)
    with i18n.use("en"):
        title = gettext("%(level)s: %(brand)s on %(channel)s", level=level_name(alert.level).capitalize(),
                        brand=brand, channel=channel_name(alert.channel))  # fmt: skip
    body = f"{oneline(alert.text, 280)}\n{Links(settings.public_url).alert(alert.id)}"
    return Line(url, title, body)


def _alert(session: Session, row: Delivery) -> dict[str, object]:
    alert = session.get(Alert, row.data.get("alert"))
    if alert is None:
        raise Skip("the alert is gone")
    if alert.state != "open":
        raise Skip(f"the alert is {alert.state} already")
    mention = session.get_one(Mention, alert.latest_mention_id)
    if mention.gone_at is not None:
        raise Skip("the customer has deleted the post")
    return {"alert": alert, "brand": session.get_one(Brand, alert.brand_id).name}


def _broken(session: Session, row: Delivery) -> dict[str, object]:
    source = session.get(Source, row.data.get("source"))
    if source is None or source.state == "paused":
        raise Skip("the source was removed or paused")
    if row.data.get("stream"):
        stream = _stream(session, source)
        return {"source": stream, "brand": session.get_one(Brand, source.brand_id).name, "late": True}
    if source.state == "active" and source.failing_since is None:
        raise Skip("the source works again")
    return {"source": source, "brand": session.get_one(Brand, source.brand_id).name, "late": False}


def _stream(session: Session, source: Source) -> Broken:
    row = session.get(Stream, source.id)
    if source.state != "active" or row is None or row.state != "attention":
        raise Skip("the stream works again, or the source itself is what is broken")
    return Broken(source.name, source.kind, row.since, row.error, row.hint)
