"""Who has to be told what: one row per fact and recipient. Nothing is sent here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from alerts.models import Alert, Delivery, Person, PersonBrand
from alerts.people import allowed
from listener.db import Database, now, upsert
from listener.models import Account, Source
from listener.streams.state import stuck

CRITICAL = 3
BROKEN_AFTER = timedelta(hours=6)  # of errors that might have passed by themselves


def raised(db: Database, alert_ids: Sequence[int], *, apprise_urls: Sequence[str] = ()) -> int:
    """Note that people must hear of these alerts, as far as they are critical; return how many notices are new.

    By mail: everybody who wants notices and may see the brand. By chat: each of `apprise_urls`, of which only a
    fingerprint is stored, because they carry tokens.
    """
    if not alert_ids:
        return 0
    made = 0
    with db.work() as session:
        critical = Alert.id.in_(list(alert_ids)) & (Alert.level >= CRITICAL) & (Alert.state == "open")
        for alert_id, brand_id in session.execute(select(Alert.id, Alert.brand_id).where(critical)).all():
            data = {"alert": alert_id}
            for person_id in _readers(session, brand_id, "alerts.read"):
                made += _note(session, f"alert:{alert_id}:person:{person_id}", "alert", person_id, data)
            for url in apprise_urls:
                mark = fingerprint(url)
                key = f"alert:{alert_id}:apprise:{mark}"
                made += _note(session, key, "alert", None, {**data, "url": mark}, target="apprise")
    return made


def attention(db: Database, *, at: datetime | None = None) -> int:
    """Note that the people who can mend a broken source must hear of it, once per breakage; return how many are new.

    A source is broken when only a person can help, or when it has failed for hours. Where the account is what is
    broken, one of its sources speaks for all. A stream that needs a person is told apart: its polls go on.
    """
    at = at or now()
    broken = or_(
        Source.state == "attention", (Source.state == "active") & (Source.failing_since < at - BROKEN_AFTER)
    )
    made = 0
    with db.work() as session:
        first = select(Source.account_id, func.min(Source.failing_since).label("since"))
        of_account = first.group_by(Source.account_id).subquery()
        found = session.execute(
            select(
                Source.id,
                Source.brand_id,
                Source.failing_since,
                Account.id,
                Account.health,
                of_account.c.since,
            )
            .join(Account, Account.id == Source.account_id)
            .join(of_account, of_account.c.account_id == Source.account_id)
            .where(broken)
            .order_by(Source.id)
        ).all()
        for source_id, brand_id, since, account_id, health, first_of_account in found:
            what = f"source:{source_id}"
            if health == "attention":
                what, since = f"account:{account_id}", first_of_account  # noqa: PLW2901 - the breakage is the account's
            breakage = since.isoformat(timespec="seconds") if since else "unknown"
            for person_id in _readers(session, brand_id, "sources.edit"):
                key = f"{what}:attention:{breakage}:person:{person_id}"
                made += _note(session, key, "attention", person_id, {"source": source_id})
        for source_id, brand_id, since in stuck(session, at=at):
            breakage = since.isoformat(timespec="seconds")
            for person_id in _readers(session, brand_id, "sources.edit"):
                key = f"stream:{source_id}:attention:{breakage}:person:{person_id}"
                made += _note(session, key, "attention", person_id, {"source": source_id, "stream": True})
    return made


def fingerprint(url: str) -> str:
    """Return what is stored of a chat address instead of the address."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _readers(session: Session, brand_id: int, permission: str) -> list[int]:
    limited = select(PersonBrand.person_id)
    allowed_here = limited.where(PersonBrand.brand_id == brand_id)
    people = session.execute(
        select(Person.id, Person.role)
        .where(Person.active, Person.notify, or_(Person.id.not_in(limited), Person.id.in_(allowed_here)))
        .order_by(Person.id)
    )
    return [person_id for person_id, role in people if allowed(role, permission)]


def _note(
    session: Session,
    key: str,
    kind: str,
    person_id: int | None,
    data: Mapping[str, object],
    *,
    target: str = "mail",
) -> int:
    at = now()
    values = {
        "key": key, "kind": kind, "person_id": person_id, "target": target, "data": dict(data), "state": "waiting",
        "attempts": 0, "next_try_at": at, "created_at": at,
    }  # fmt: skip
    made = session.scalar(
        upsert(session, Delivery)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Delivery.id)
    )
    return int(made is not None)
