"""`allears digest`: write one digest to a file, or send it now."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import click

from alerts import people
from alerts.digest.periods import KINDS, Kind, covering, latest
from alerts.digest.send import Surroundings, preview, send_one
from alerts.errors import AlertsError
from alerts.mail import Mailer, serialised
from listener import i18n
from listener.db import Database, now


class App(Protocol):
    """What the command line gives to its commands, as far as this one needs it."""

    @property
    def db(self) -> Database:
        """The database at the code's revision."""

    @property
    def mailer(self) -> Mailer:
        """The way to the mail server."""

    @property
    def settings(self) -> Surroundings:
        """Where links lead."""


@click.command()
@click.option(
    "--person", "email", required=True, metavar="EMAIL", help="The reader: it shows what they may see."
)
@click.option("--period", "kind", required=True, type=click.Choice(KINDS))
@click.option(
    "--for", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="A local day of the reader; weekly: any day of the week. Default: the newest period that is over.",
)  # fmt: skip
@click.option(
    "--preview",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the mail as an .eml file.",
)
@click.option("--once", is_flag=True, help="Send it now, unless it went out already.")
@click.pass_obj
def digest(app: App, email: str, kind: Kind, day: datetime | None, file: Path | None, *, once: bool) -> None:
    """Write or send the digest of one reader and period.

    Example: allears digest --person mia@example.test --period daily --for 2026-11-24 --preview mail.eml
    """
    if (file is None) is not once:
        raise click.UsageError("say either --preview FILE or --once")
    with app.db.read() as session:
        person = people.find(session, email)
        person_id, zone, hour = person.id, i18n.zone_of(person.timezone), person.digest_hour
    at = now()
    period = covering(kind, day.date(), zone) if day else latest(kind, at, zone, hour)
    if period.since > at:
        raise click.BadParameter(f"{period.start} has not begun for {email} ({zone.key})", param_hint="--for")
    if file is not None:
        _write(app, person_id, kind, period.start, file)
        return
    if period.until > at:
        raise click.BadParameter(
            f"the period {period.start} to {period.last} is not over for {email} ({zone.key}); "
            "use --preview to see it so far",
            param_hint="--for",
        )
    _send(app, person_id, kind, period.start, email)


def _write(app: App, person_id: int, kind: Kind, start: date, file: Path) -> None:
    message = preview(app.db, app.mailer, app.settings, person_id, kind, start)
    try:
        file.write_bytes(serialised(message))
    except OSError as error:
        raise AlertsError(f"cannot write {file}: {error.strerror or error}") from error
    click.echo(f"Wrote {file}: {message['Subject']}")


def _send(app: App, person_id: int, kind: Kind, start: date, email: str) -> None:
    outcome = send_one(app.db, app.mailer, app.settings, person_id, kind, start)
    if outcome.state == "sent":
        click.echo(f"The {kind} digest of {start} for {email} is sent")
    elif outcome.state == "empty":
        click.echo(f"Nothing to tell {email} about {start}: no mail")
    else:
        raise AlertsError(f"the {kind} digest of {start} for {email} is {outcome.state}: {outcome.reason}")
