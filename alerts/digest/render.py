"""From the values of a digest to a message in the reader's language. Pure: no database, no network."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage

from alerts import charts, letters
from alerts.digest import words
from alerts.digest.data import DigestData
from alerts.digest.links import Links
from alerts.mail import address
from alerts.texts import gettext
from listener import i18n


def render(
    data: DigestData, *, public_url: str, sender: Address, message_id: str, unsubscribe: str | None = None
) -> EmailMessage:
    """Return the mail of a digest. Raises MailError when the reader's address cannot be used."""
    with i18n.use(data.reader.locale):
        envelope = letters.Envelope(
            sender=sender,
            to=address(data.reader.name, data.reader.email),
            message_id=message_id,
            at=data.made_at,
            list_id="digest",
            unsubscribe=unsubscribe,
        )
        values = {"data": data, "links": Links(public_url), "words": words, "levels": words.LEVELS_SHOWN}
        return letters.compose("digest", envelope, values, picture=picture(data))


def picture(data: DigestData) -> letters.Picture | None:
    """Draw the chart of the last days in the language of the context; None when there is nothing to draw."""
    if not any(day.counts.mentions for day in data.days):
        return None
    bars = [
        charts.Bar(
            label=f"{i18n.format_weekday(day.day)}\n{day.day.day}",
            total=day.counts.mentions,
            negative=day.counts.negative,
            strong=day.day >= data.period.start,
        )
        for day in data.days
    ]
    drawn = charts.bars(
        bars, negative=gettext("negative"), other=gettext("other"), rtl=i18n.direction() == "rtl"
    )
    return letters.Picture("chart", drawn, words.chart(data))
