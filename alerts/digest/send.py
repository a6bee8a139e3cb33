"""Which digests are due, and the way of one of them to the mail server.

One row per reader and local period is the claim: it makes a digest happen once, whatever the clocks do and however
many workers look. Nothing is built or sent inside a write transaction; how a row ends is told in `alerts.outgoing`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alerts import outgoing, unsubscribe
from alerts.digest.build import build
from alerts.digest.periods import KINDS, Kind, covering, latest
from alerts.digest.render import render
from alerts.errors import AlertsError
from alerts.holding import held
from alerts.mail import Mailer, MailError
from alerts.models import Digest, Person
from listener import i18n, log, metrics
from listener.db import Database, now, upsert

logger = log.get(__name__)
SUPERSEDED = "could not be sent before the next period was over; the newer digest was sent instead"


class Surroundings(Protocol):
    """The part of the settings that links need."""

    @property
    def public_url(self) -> str:
        """How people reach the panel."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one digest: its state and, unless it was sent, why."""

    state: str  # waiting | sending | sent | empty | failed
    reason: str | None = None


def due(db: Database, at: datetime | None = None) -> int:
    """Make a row for every reader's newest period that is over and past their hour; return how many are new."""
    at = at or now()
    made = 0
    with db.work() as session:
        if held(session):
            return 0
        wanted = Person.active & (Person.digest_daily | Person.digest_weekly)
        for person in session.scalars(select(Person).where(wanted)):
            for kind in KINDS:
                if person.digest_weekly if kind == "weekly" else person.digest_daily:
                    made += _make_due(session, person, kind, at)
    return made


def _make_due(session: Session, person: Person, kind: Kind, at: datetime) -> int:
    period = latest(kind, at, i18n.zone_of(person.timezone), person.digest_hour)
    if period.due_at(person.digest_hour) < person.created_at:
        return 0
    if _row(session, person.id, kind, period.start, at) is None:
        return 0
    never_tried = (Digest.state == "waiting") & (Digest.attempts == 0)
    session.execute(
        update(Digest)
        .where(Digest.person_id == person.id, Digest.period == kind, Digest.start < period.start, never_tried)
        .values(state="failed", error=SUPERSEDED)
        .execution_options(synchronize_session=False)
    )
    return 1


def _row(session: Session, person_id: int, kind: Kind, start: date, at: datetime) -> int | None:
    values = {
        "person_id": person_id, "period": kind, "start": start, "state": "waiting", "attempts": 0,
        "next_try_at": at, "created_at": at,
    }  # fmt: skip
    key = ["person_id", "period", "start"]
    made: int | None = session.scalar(
        upsert(session, Digest)
        .values(**values)
        .on_conflict_do_nothing(index_elements=key)
        .returning(Digest.id)
    )
    return made


def send_due(
    db: Database, mailer: Mailer, settings: Surroundings, *, at: datetime | None = None, limit: int = 20
) -> list[int]:
    """Send what waits; return the ids of the digests that went out. A row that fails does not stop the others."""
    at = at or now()
    with db.read() as session:
        if held(session) or not mailer.configured:
            return []
    _bury(db, at)
    gone = []
    deadline = time.monotonic() + outgoing.RUN_SECONDS
    for _ in range(limit):  # one at a time: a slow server must not let the leases of the others run out
        claims = outgoing.claim(db, Digest, at=at, limit=1) if time.monotonic() < deadline else []
        if not claims:
            break
        gone += [claim.id for claim in claims if _send(db, mailer, settings, claim, at).state == "sent"]
    return gone


def send_one(
    db: Database,
    mailer: Mailer,
    settings: Surroundings,
    person_id: int,
    kind: Kind,
    day: date,
    *,
    at: datetime | None = None,
) -> Outcome:
    """Send the digest of the period containing local `day` to one person now, unless it went out already.

    A person asks for this, so a failed one is tried again. Raises AlertsError when nothing may be sent.
    """
    at = at or now()
    with db.work() as session:
        reason = held(session)
        if reason:
            message = f"nothing is sent: {reason}; run `allears db confirm` first"
            raise AlertsError(message)
        person = session.get_one(Person, person_id)
        start = covering(kind, day, i18n.zone_of(person.timezone)).start
        _row(session, person_id, kind, start, at)
        again = Digest.state.in_(("failed", "empty", "waiting"))
        mine = (Digest.person_id == person_id, Digest.period == kind, Digest.start == start)
        session.execute(
            update(Digest)
            .where(*mine, again)
            .values(state="waiting", next_try_at=at)
            .execution_options(synchronize_session=False)
        )
        row = session.scalars(select(Digest).where(*mine)).one()
    if not mailer.configured:
        message = "no mail server is set: set ALLEARS_MAIL__HOST, or write a file with --preview"
        raise AlertsError(message)
    _bury(db, at)
    claims = outgoing.claim(db, Digest, at=at, limit=1, ids=[row.id])
    if claims:
        return _send(db, mailer, settings, claims[0], at, asked=True)
    with db.read() as session:
        row = session.get_one(Digest, row.id)
        return Outcome(row.state, row.error)


def preview(
    db: Database, mailer: Mailer, settings: Surroundings, person_id: int, kind: Kind, day: date,
    *, at: datetime | None = None,
) -> EmailMessage:  # fmt: skip
    """Return the mail as it would be sent now; nothing is stored, and its unsubscribe address leads nowhere."""
    with db.read() as session:
        data = build(session, session.get_one(Person, person_id), kind, day, at=at)
    token, _ = unsubscribe.new_token()
    link = unsubscribe.link(settings.public_url, token)
    return render(
        data,
        public_url=settings.public_url,
        sender=mailer.sender,
        message_id=mailer.new_message_id(),
        unsubscribe=link,
    )


def _send(
    db: Database,
    mailer: Mailer,
    settings: Surroundings,
    claim: outgoing.Claim,
    at: datetime,
    *,
    asked: bool = False,
) -> Outcome:
    try:
        made = _make(db, mailer, settings, claim, at, asked=asked)
    except MailError as error:  # the reader's address cannot be used
        return _end(db, claim, Outcome("failed", str(error)), origin="waiting")
    except Exception as error:  # a reader whose digest cannot be made must not cost the others theirs
        logger.exception("digest.crashed", digest=claim.id)
        metrics.JOB_CRASHES.inc()
        reason = f"could not be made ({type(error).__name__}); see the log"
        with db.work() as session:
            return Outcome(outgoing.later(session, Digest, claim, reason, at=at, origin="waiting"), reason)
    if isinstance(made, Outcome):
        return _end(db, claim, made, origin="waiting")
    return _hand_over(db, mailer, claim, at, *made)


def _hand_over(
    db: Database, mailer: Mailer, claim: outgoing.Claim, at: datetime, message: EmailMessage, hashed: str
) -> Outcome:
    with db.work() as session:
        if not outgoing.begin(
            session, Digest, claim, at=max(at, now()), message_id=str(message["Message-ID"])
        ):
            return Outcome("waiting", "another worker has it")
        session.get_one(Digest, claim.id).unsubscribe_hash = hashed
    try:
        mailer.send(message)
    except MailError as error:
        if error.permanent or error.unsure:
            return _end(db, claim, Outcome("failed", str(error)))
        with db.work() as session:
            state = outgoing.later(session, Digest, claim, str(error), at=at)
        logger.warning("digest.refused", digest=claim.id, state=state)
        return Outcome(state, str(error))
    with db.work() as session:
        outgoing.sent(session, Digest, claim, at=now())
    logger.info("digest.sent", digest=claim.id, bytes=len(message.as_bytes()))
    return Outcome("sent")


def _make(
    db: Database, mailer: Mailer, settings: Surroundings, claim: outgoing.Claim, at: datetime, *, asked: bool
) -> Outcome | tuple[EmailMessage, str]:
    with db.read() as session:
        row = session.get_one(Digest, claim.id)
        person = session.get_one(Person, row.person_id)
        kind: Kind = "weekly" if row.period == "weekly" else "daily"
        wanted = person.digest_weekly if kind == "weekly" else person.digest_daily
        if not person.active or not (wanted or asked):
            return Outcome("failed", "the reader has left or switched this digest off")
        data = build(session, person, kind, row.start, at=at)
        message_id = row.message_id or mailer.new_message_id()
    if data.quiet:
        return Outcome("empty")
    token, hashed = unsubscribe.new_token()
    message = render(
        data, public_url=settings.public_url, sender=mailer.sender, message_id=message_id,
        unsubscribe=unsubscribe.link(settings.public_url, token),
    )  # fmt: skip
    return message, hashed


def _end(db: Database, claim: outgoing.Claim, outcome: Outcome, *, origin: str = "sending") -> Outcome:
    with db.work() as session:
        if outcome.state == "failed":
            outgoing.failed(session, Digest, claim, outcome.reason or "", origin=origin)
        else:
            outgoing.closed(session, Digest, claim, outcome.state)
    logger.info("digest.ended", digest=claim.id, state=outcome.state)
    return outcome


def _bury(db: Database, at: datetime) -> None:
    with db.work() as session:
        buried: Sequence[int] = outgoing.bury(session, Digest, at=at)
    if buried:
        logger.warning("digest.unknown", digests=list(buried))
