"""Sends the notices that wait, each at most once; a refused one is tried again later and does not stop the others."""

from __future__ import annotations

import time
from datetime import datetime
from email.message import EmailMessage

from alerts import outgoing
from alerts.errors import AlertsError
from alerts.holding import held
from alerts.mail import Mailer, MailError
from alerts.models import Delivery
from alerts.notify import chat
from alerts.notify.write import Skip, Surroundings, chat_text, mail
from listener import log
from listener.db import Database, now

logger = log.get(__name__)


def deliver(
    db: Database, mailer: Mailer, settings: Surroundings, *, at: datetime | None = None, limit: int = 50
) -> int:
    """Send at most `limit` notices and return how many went out. Without a mail server, mails wait."""
    at = at or now()
    with db.work() as session:
        if held(session):
            return 0
        buried = outgoing.bury(session, Delivery, at=at)
    if buried:
        logger.warning("notice.unknown", deliveries=buried)
    targets = ("mail", "apprise") if mailer.configured else ("apprise",)
    gone = 0
    deadline = time.monotonic() + outgoing.RUN_SECONDS
    for _ in range(limit):  # one at a time: a slow server must not let the leases of the others run out
        if time.monotonic() > deadline:
            break
        claims = outgoing.claim(db, Delivery, at=at, limit=1, targets=targets)
        if not claims:
            break
        gone += _deliver(db, mailer, settings, claims[0], at)
    return gone


def _deliver(
    db: Database, mailer: Mailer, settings: Surroundings, claim: outgoing.Claim, at: datetime
) -> bool:
    try:
        with db.read() as session:
            row = session.get_one(Delivery, claim.id)
            made: EmailMessage | chat.Line
            made = (
                chat_text(session, row, settings)
                if row.target == "apprise"
                else mail(session, row, mailer, settings)
            )
    except Skip as reason:
        with db.work() as session:
            outgoing.closed(session, Delivery, claim, "skipped", reason=str(reason))
        return False
    except AlertsError as error:  # an address that cannot be used, a chat that is no longer in the settings
        with db.work() as session:
            outgoing.failed(session, Delivery, claim, str(error), origin="waiting")
        return False
    with db.work() as session:
        if not outgoing.begin(session, Delivery, claim, at=max(at, now())):
            return False
    try:
        if isinstance(made, EmailMessage):
            mailer.send(made)
        else:
            chat.send(made)
    except MailError as error:
        with db.work() as session:
            if error.permanent or error.unsure:
                outgoing.failed(session, Delivery, claim, str(error))
            else:
                outgoing.later(session, Delivery, claim, str(error), at=at)
        logger.warning("notice.refused", delivery=claim.id, permanent=error.permanent)
        return False
    with db.work() as session:
        outgoing.sent(session, Delivery, claim, at=now())
    logger.info("notice.sent", delivery=claim.id)
    return True
