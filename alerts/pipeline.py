"""The walk of one mention, told in one file: poll → score → triage → notify → reply → look again, and the digest.

Each job finds its work in rows and wakes the next; a lost wake-up costs a few seconds until the next sweep.
What each step does lives in the module named after it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import select

from alerts import holding, rechecks, reply
from alerts import triage as triage_
from alerts.settings import AlertSettings
from listener import accounts, collect, stages
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Mention
from listener.queue import Job, Wake
from listener.streams.supervisor import Streams
from listener.ticks import Tick
from sentiment import score as score_
from sentiment.settings import SentimentSettings

BATCHES = 200  # of one job, then others get their turn
_scoring = threading.Lock()


class SettingsTree(Protocol):
    """What this room reads of the settings."""

    @property
    def alerts(self) -> AlertSettings:
        """`[alerts]`"""

    @property
    def sentiment(self) -> SentimentSettings:
        """`[sentiment]`"""


class App(Protocol):
    """A process: database, ground, settings, wake-ups; `reader` loads the model on first use, only `score` does."""

    wake: Wake

    @property
    def db(self) -> Database:
        """The database."""

    @property
    def ground(self) -> Ground:
        """What channels need."""

    @property
    def settings(self) -> Any:
        """The whole tree (`SettingsTree` and more)."""

    @property
    def reader(self) -> Any:
        """The model (`sentiment.reader.Reader`)."""

    @property
    def mailer(self) -> Any:
        """The way to the mail server (`alerts.mail.Mailer`)."""


def poll_due(app: App, wake: Wake) -> list[int]:
    """1. Claim the sources whose time has come and ask for a poll of each."""
    ids = collect.due(app.db)
    for source_id in ids:
        wake.send("poll", source_id)
    return ids


def poll_one(app: App, source_id: int) -> None:
    """2-3. Read one source and store what it says, page by page."""
    outcome = collect.poll(app.db, app.ground, source_id)
    if outcome.new or outcome.updated:
        app.wake.send("score")
    if outcome.own:
        app.wake.send("triage")  # a colleague answered on the platform: stop the clock


def streams(app: App) -> Streams:
    """2-3, beside the polls: return what keeps the streams of this process."""

    def heard(counts: collect.Counts) -> None:
        if counts.new or counts.updated:
            app.wake.send("score")
        if counts.own:
            app.wake.send("triage")

    # not on a restored instance: the original may hold the one stream that X lets an app have
    return Streams(app.db, app.ground, heard=heard, may=lambda session: holding.held(session) is None)


def recheck_due(app: App, wake: Wake) -> list[int]:
    """9. Claim the sources whose stored posts are to be looked at again and ask for a look of each."""
    ids = rechecks.due(app.db)
    for source_id in ids:
        wake.send("recheck", source_id)
    return ids


def recheck_one(app: App, source_id: int) -> None:
    """9. Look again at stored posts of one source: edited, deleted, answered elsewhere, shared more."""
    kept = rechecks.run(app.db, app.ground, source_id).kept
    if kept.updated:
        app.wake.send("score")
    if kept.gone or kept.own or kept.grown:
        app.wake.send("triage")


def renew_due(app: App, wake: Wake) -> None:
    """Ask for new access tokens of the accounts whose present ones end soon."""
    for account_id in accounts.due(app.db):
        wake.send("renew", account_id)


def renew_one(app: App, account_id: int) -> None:
    """Renew one account's token; whoever else renews it is not disturbed."""
    accounts.renew(app.db, app.ground, account_id)


def score_batch(app: App) -> None:
    """4. Score what waits; the model is loaded here, and only if something waits.

    One batch at a time in a process: the model uses the cores it may have, a second batch would only slow the first.
    """
    if not _scoring.acquire(blocking=False):
        return  # who scores goes on until nothing waits
    try:
        for _ in range(BATCHES):
            if not _waiting(app.db, stages.COLLECTED):
                return
            if not score_.score(app.db, app.reader, limit=app.settings.sentiment.batch):
                return
            app.wake.send("triage")
    finally:
        _scoring.release()


def triage_batch(app: App) -> None:
    """5-6. Decide, raise and group alerts, suggest answers; then tell people about the critical ones."""
    from alerts import closing, notify  # noqa: PLC0415 - mail is not needed to start

    closing.gone(app.db)
    for _ in range(BATCHES):
        done = triage_.triage(app.db, settings=app.settings.alerts)
        if done is None:
            return
        if done.raised:
            notify.raised(app.db, done.raised, apprise_urls=app.settings.alerts.apprise_urls)
            app.wake.send("deliver")


def publish(app: App) -> None:
    """8. Send the replies that are due, and find out what became of the unclear ones and those not visible yet."""
    reply.send(app.db, app.ground, settings=app.settings.alerts)
    reply.resolve(app.db, app.ground, settings=app.settings.alerts)
    reply.look(app.db, app.ground)


def deliver(app: App) -> None:
    """6. Send the mails and pushes that wait."""
    from alerts import notify  # noqa: PLC0415 - mail is not needed to start

    notify.deliver(app.db, app.mailer, app.settings)


def attention(app: App, wake: Wake) -> None:
    """Tell people about broken channels, once each, and about answers that nobody followed up."""
    from alerts import notify  # noqa: PLC0415 - mail is not needed to start

    notify.attention(app.db)
    wake.send("deliver")


def digest(app: App) -> None:
    """10. Make the digests that are due and send them."""
    from alerts import digest as digest_  # noqa: PLC0415 - charts are not needed to start

    digest_.due(app.db, now())
    digest_.send_due(app.db, app.mailer, app.settings)


def jobs(app: App) -> Sequence[Job]:
    """Return what workers can be asked to do, each with its queue's name, limit in seconds and priority."""
    return [
        Job("poll", lambda source_id: poll_one(app, source_id), seconds=300, priority=10, reads=True),
        Job("recheck", lambda source_id: recheck_one(app, source_id), seconds=300, priority=25, reads=True),
        Job("score", lambda: score_batch(app), seconds=600, priority=20),
        Job("triage", lambda: triage_batch(app), seconds=300, priority=5),
        Job("publish", lambda: publish(app), seconds=300, priority=0),
        Job("deliver", lambda: deliver(app), seconds=300, priority=15),
        Job("renew", lambda account_id: renew_one(app, account_id), seconds=300, priority=25, reads=True),
        Job("digest", lambda: digest(app), seconds=600, priority=30),
    ]


def ticks(app: App, wake: Wake) -> Sequence[Tick]:
    """Return the clock's ticks: each looks for due rows or wakes the job that does."""
    return [
        Tick("poll-due", 3, lambda: poll_due(app, wake)),
        Tick("recheck-due", 30, lambda: recheck_due(app, wake)),
        Tick("renew-due", 60, lambda: renew_due(app, wake)),
        Tick("publish", 2, lambda: wake.send("publish")),
        Tick("sweep-score", 10, lambda: _sweep(app, wake, stages.COLLECTED, "score")),
        Tick("sweep-triage", 10, lambda: wake.send("triage")),
        Tick("deliver", 30, lambda: wake.send("deliver")),
        Tick("attention", 60, lambda: attention(app, wake)),
        Tick("digest", 60, lambda: wake.send("digest")),
    ]


def _sweep(app: App, wake: Wake, stage: str, job: str) -> None:
    if _waiting(app.db, stage):
        wake.send(job)


def _waiting(db: Database, stage: str) -> bool:
    with db.read() as session:
        free = Mention.lease_until.is_(None) | (Mention.lease_until < now())
        found = select(Mention.id).where(stages.WAITING, Mention.stage == stage, free).limit(1)
        return session.scalar(found) is not None
