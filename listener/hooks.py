"""Webhooks at the door: is it one of our addresses, is it signed, what does it carry; stored like a polled page.

Called by the web room with the raw request; knows nothing of Flask.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from listener import brands, log
from listener.channels.base import Hook, Page, Received
from listener.collect.page import Target, save
from listener.db import Database, now
from listener.errors import ChannelError, HttpError, ListenerError
from listener.ground import Ground
from listener.models import Account, Poll, Source
from listener.sources import channel_of, hook_hash, identities

logger = log.get(__name__)
MOST_BYTES = 2_000_000
NOT_FOUND, TOO_LARGE, BAD_REQUEST, UNAVAILABLE = 404, 413, 400, 503


class HookError(ListenerError):
    """A request that is not taken; `status` is the HTTP status to answer with."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Found:
    source_id: int
    account_id: int
    brand_id: int
    kind: str


def receive(
    db: Database, ground: Ground, source_name: str, secret: str, hook: Hook, *, at: datetime | None = None
) -> Received:
    """Check and store one webhook request; return what to answer. Raises HookError.

    An unknown source and a wrong secret look the same from outside.
    """
    at = at or now()
    if len(hook.body) > MOST_BYTES:
        raise HookError(f"the body is larger than {MOST_BYTES // 1_000_000} MB", status=TOO_LARGE)
    found = _find(db, source_name, secret)
    channel = channel_of(db, ground, found.source_id)
    before = dict(channel.known)
    try:
        received = channel.receive(hook)
    except ChannelError as error:
        status = error.status if isinstance(error, HttpError) else None
        raise HookError(str(error), status=status or BAD_REQUEST) from error
    learnt = {name: value for name, value in channel.known.items() if before.get(name) != value}
    if learnt:
        _keep(db, found.account_id, learnt)
    if not received.posts and not received.gone:
        return received
    with db.work() as session:
        ledger = Poll(source_id=found.source_id, started_at=at, ended_at=at, pushed=True)
        session.add(ledger)
        session.flush()
        target = Target(
            source_id=found.source_id,
            account_id=found.account_id,
            brand_id=found.brand_id,
            kind=found.kind,
            queries=brands.queries_of(session, found.brand_id),
            may_reply=channel.may_reply,
            identities=identities(session, found.kind),
            keep_payload=timedelta(days=ground.settings.keep_payload_days) or None,
            poll_id=ledger.id,
        )
        # no cursor: a webhook must not move the cursor of a poll of the same source
        counts = save(session, found.source_id, Page(received.posts, None, gone=received.gone), target, at=at)
        session.get_one(Source, found.source_id).last_ok_at = at
    logger.info("hook.received", source_id=found.source_id, fetched=counts.fetched, new=counts.new)
    return received


def _keep(db: Database, account_id: int, learnt: dict[str, Any]) -> None:
    """Store what a delivery told about the account (delivery statuses); None lets an entry go."""
    with db.work() as session:
        account = session.get_one(Account, account_id, with_for_update=True)
        kept = dict(account.limits) | learnt
        account.limits = {name: value for name, value in kept.items() if value is not None}


def _find(db: Database, source_name: str, secret: str) -> _Found:
    given = hook_hash(secret)
    with db.read() as session:
        row = session.execute(
            select(
                Source.id, Source.account_id, Source.brand_id, Source.kind, Source.hook_hash, Source.state
            ).where(Source.name == source_name)
        ).one_or_none()
    # compared in constant time also when there is no such source
    fits = hmac.compare_digest(
        given, row.hook_hash if row is not None and row.hook_hash else "0" * len(given)
    )
    if row is None or not fits or row.state == "removed":
        raise HookError("there is nothing at this address", status=NOT_FOUND)
    if row.state == "paused":  # not a 404: senders repeat a 503 and give up on a 404
        raise HookError("this source is paused; send it again later", status=UNAVAILABLE)
    return _Found(row.id, row.account_id, row.brand_id, row.kind)
