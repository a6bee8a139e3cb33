"""A small invented week of one or two brands, for tests of digests, figures and notifications.

People and brands are fictional; every row is made by a function, so that a test states what it counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from alerts.models import Alert, CaseMention, Person, PersonBrand, Reply
from listener.models import Account, Brand, Hit, Mention, Poll, Source
from sentiment.models import Score

_numbers = itertools.count(1)


def brand(session: Session, name: str = "Acme", *, own: bool = True, kind: str = "mastodon") -> Brand:
    """A brand with one account and one source of `kind` named `<brand> <kind>`."""
    made = Brand(name=name, own=own)
    account = Account(kind=kind, base_url=f"https://{name.lower()}.example.test", identity=f"@{name.lower()}")
    session.add_all([made, account])
    session.flush()
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    session.add(
        Source(
            account_id=account.id, brand_id=made.id, name=f"{name} {kind}", kind=kind, every=300,
            created_at=long_ago, next_poll_at=long_ago,
        )
    )  # fmt: skip
    session.flush()
    return made


def source_of(session: Session, made: Brand) -> Source:
    return session.query(Source).filter(Source.brand_id == made.id).order_by(Source.id).first()  # type: ignore[return-value]


def person(session: Session, email: str = "mia@example.test", **fields: object) -> Person:
    """A manager who reads both digests; `brands` limits what they may see."""
    brands: Sequence[Brand] = fields.pop("brands", ())  # type: ignore[assignment]
    values = {
        "email": email, "name": "Mia Manager", "role": "manager", "digest_daily": True, "digest_weekly": True,
        "created_at": datetime(2020, 1, 1, tzinfo=UTC), **fields,
    }  # fmt: skip
    made = Person(**values)
    session.add(made)
    session.flush()
    session.add_all([PersonBrand(person_id=made.id, brand_id=one.id) for one in brands])
    session.flush()
    return made


def mention(
    session: Session, of: Brand, posted: datetime, *, sentiment: str | None = "neutral", level: int = 0,
    channel: str = "mastodon", text: str = "hello", collected: datetime | None = None, **fields: object,
) -> Mention:  # fmt: skip
    """A mention heard for a brand, scored unless `sentiment` is None."""
    number = next(_numbers)
    made = Mention(
        channel=channel, external_id=f"p{number}", text=text, fingerprint=f"f{number}", posted_at=posted,
        collected_at=collected or posted + timedelta(minutes=1), stage="triaged", thread_id=f"t{number}", **fields,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(Hit(mention_id=made.id, source_id=source_of(session, of).id, brand_id=of.id))
    if sentiment is not None:
        score(session, made, sentiment=sentiment, level=level)
    session.flush()
    return made


def score(session: Session, of: Mention, *, sentiment: str, level: int = 0, model: str = "m1") -> None:
    session.add(
        Score(
            mention_id=of.id, revision=of.revision, model=model, language="en", sentiment=sentiment, level=level,
            negative=0.9, neutral=0.05, positive=0.05, alert_score=0.9, levels=[0.1, 0.1, 0.4, 0.4],
            category="outage_network", needs_reply=True,
        )
    )  # fmt: skip
    session.flush()


def alert(
    session: Session, of: Brand, posted: datetime, *, level: int = 2, text: str = "It does not work",
    answered: datetime | None = None, due: datetime | None = None, by: Person | None = None, **fields: object,
) -> Alert:  # fmt: skip
    """A negative mention with its alert and, when answered, its reply."""
    heard = mention(
        session, of, posted, sentiment="negative", level=level, text=text,
        channel=str(fields.pop("channel", "mastodon")),
    )  # fmt: skip
    values: dict[str, object] = {
        "author": "@customer", "category": "outage_network", "language": "en", "reply_mode": "api", **fields,
    }  # fmt: skip
    made = Alert(
        mention_id=heard.id, latest_mention_id=heard.id, brand_id=of.id, channel=heard.channel,
        thread_key=heard.thread_id, level=level, sentiment="negative", text=text, posted_at=posted,
        collected_at=heard.collected_at, scored_at=posted + timedelta(minutes=2),
        raised_at=posted + timedelta(minutes=3), due_at=due, first_response_at=answered, answered_at=answered,
        state=values.pop("state", "answered" if answered else "open"), **values,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(CaseMention(mention_id=heard.id, alert_id=made.id))
    if answered is not None:
        session.add(
            Reply(
                mention_id=heard.id, alert_id=made.id, state="sent", text="Sorry!", key=f"k{made.id}",
                person_id=by.id if by else None, created_at=answered, approved_at=answered, sent_at=answered,
            )
        )  # fmt: skip
    session.flush()
    return made


def polls(
    session: Session,
    of: Source,
    since: datetime,
    until: datetime,
    *,
    every: int = 300,
    error: str | None = None,
) -> None:
    """Polls of a source at its interval in [since, until)."""
    at = since
    while at < until:
        session.add(Poll(source_id=of.id, started_at=at, ended_at=at, fetched=1, error=error))
        at += timedelta(seconds=every)
    session.flush()
