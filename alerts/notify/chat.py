"""Team chats, through Apprise: one line with a link. Apprise is imported when the first line is sent."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.mail import MailError


@dataclass(frozen=True, slots=True)
class Line:
    """What to say where. `url` carries a token: it is never logged and never stored."""

    url: str
    title: str
    body: str


def send(line: Line) -> None:
    """Push one line. Raises MailError, permanent when the address is not one that Apprise knows."""
    import apprise  # noqa: PLC0415 - a fifth of a second that most processes never need

    service = apprise.Apprise()
    if not service.add(line.url):
        text = (
            "an address in alerts.apprise_urls is not one that Apprise understands; see its list of services"
        )
        raise MailError(text, permanent=True)
    if not service.notify(title=line.title, body=line.body):
        text = (
            "the team chat did not take the message; check the address in alerts.apprise_urls and its token"
        )
        raise MailError(text)
