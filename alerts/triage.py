"""Turns scored mentions into alerts: verdict, case, incident, due time, suggestion. No network, no model.

Safe to run anywhere any number of times: mentions are claimed, a mention belongs to one alert at most, and the whole
batch is one transaction. A mention that cannot be triaged is marked and the others go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import case, flow, incident, rules, sla, suggest
from alerts.calendars import Hours
from alerts.models import Alert, CaseMention
from alerts.native import native_replies
from alerts.rules import ALERT, IGNORE, Ready
from alerts.settings import AlertSettings
from listener import log, metrics, stages
from listener.db import Database, now
from listener.models import Author, Brand, Hit, Mention
from sentiment import score as scores
from sentiment.models import Score

logger = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Triaged:
    """What one batch came to: how many mentions, and the alerts that were raised or opened again by them."""

    mentions: int
    raised: list[int]


@dataclass
class _Batch:
    """What is known before the first mention of a batch is looked at."""

    at: datetime
    number: int
    settings: AlertSettings
    rules: list[Ready]
    scores: dict[int, Score]
    brands: dict[int, Brand]  # by mention: the one we answer for
    authors: dict[int, Author]
    own: dict[int, tuple[Alert, CaseMention]]
    cases: dict[tuple[int, str, str, int | None], Alert]
    hours: dict[int, Hours] = field(default_factory=dict)


def triage(
    db: Database, *, limit: int = 64, at: datetime | None = None, settings: AlertSettings | None = None
) -> Triaged | None:
    """Triage at most `limit` scored mentions; None means that nothing waits."""
    moment = at or now()
    native_replies(db, at=moment)
    ids = stages.claim(db, stages.SCORED, limit=limit, at=moment)
    if not ids:
        return None
    urgent: list[int] = []
    with db.work() as session:
        number = flow.changing(session)
        waiting = (
            select(Mention).where(Mention.id.in_(ids), Mention.stage == stages.SCORED).order_by(Mention.id)
        )
        mentions = list(session.scalars(waiting.with_for_update()))
        batch = _prepare(session, mentions, moment, number, settings or AlertSettings())
        done = []
        for mention in mentions:
            mention_id = mention.id
            try:
                with session.begin_nested():
                    alert_id = _one(session, mention, batch)
            except Exception as error:
                # isolated, counted and listed in the panel: it must not take the batch along again and again
                logger.exception("triage.stuck", mention=mention_id)
                metrics.JOB_CRASHES.inc()
                stages.stuck(session, mention_id, f"triage failed: {type(error).__name__}")
                batch = _prepare(session, mentions, moment, number, batch.settings)
                continue
            done.append(mention_id)
            if alert_id is not None:
                urgent.append(alert_id)
        stages.move(session, done, origin=stages.SCORED, to=stages.TRIAGED)
    logger.info("triage.batch", mentions=len(ids), alerts=len(urgent))
    return Triaged(len(ids), sorted(set(urgent)))


def _prepare(
    session: Session, mentions: Sequence[Mention], at: datetime, number: int, settings: AlertSettings
) -> _Batch:
    ids = [mention.id for mention in mentions]
    hits = session.execute(
        select(Hit.mention_id, Brand)
        .join(Brand, Brand.id == Hit.brand_id)
        .where(Hit.mention_id.in_(ids), Brand.own)
        .order_by(Hit.source_id.desc())  # the first source that heard it wins
    )
    authors = session.scalars(
        select(Author).where(Author.id.in_({mention.author_id for mention in mentions if mention.author_id}))
    )
    return _Batch(
        at=at, number=number, settings=settings, rules=rules.load(session), scores=scores.latest(session, ids),
        brands={row[0]: row[1] for row in hits}, authors={author.id: author for author in authors},
        own=case.own(session, mentions), cases=case.existing(session, mentions),
    )  # fmt: skip


def _one(session: Session, mention: Mention, batch: _Batch) -> int | None:
    """Triage one mention; return the alert that needs attention because of it."""
    score, brand = batch.scores.get(mention.id), batch.brands.get(mention.id)
    if score is None or brand is None or _passed_over(mention, batch):
        return None
    author = batch.authors.get(mention.author_id) if mention.author_id is not None else None
    if brand.id not in batch.hours:
        batch.hours[brand.id] = sla.hours_of(session, brand.id)
    facts = case.Facts(
        mention=mention, author=author, score=score, brand=brand,
        verdict=rules.verdict(batch.rules, mention, author, score, brand.id),
        hours=batch.hours[brand.id], at=batch.at, number=batch.number,
    )  # fmt: skip
    known = batch.own.get(mention.id)
    joined = batch.cases.get(facts.key) if mention.author_id is not None else None
    if known is not None:
        again, alert = case.revise(session, *known, facts), known[0]
    elif joined is not None:
        again, alert = case.join(session, joined, facts), joined
    elif facts.verdict.action == IGNORE:
        return None
    else:
        alert = case.raise_(session, facts)
        again = alert.state == flow.OPEN
        incident.group(session, alert)
        batch.cases[facts.key] = alert
        metrics.ALERTS.labels(level=str(alert.level)).inc()
    if alert.kind == ALERT and alert.latest_mention_id == mention.id:
        # a customer who only adds "hello?" is answered about what is wrong
        suggest.suggest(session, mention.id, score, brand, category=alert.category, level=alert.level)
    return alert.id if again else None


def _passed_over(mention: Mention, batch: _Batch) -> bool:
    """Say whether a mention is only kept: history, too old, or deleted before we came to it."""
    # an old review that was rewritten yesterday is news; a post dated 2099 counts from when we heard it
    written = mention.edited_at or min(mention.posted_at, mention.collected_at)
    old = written < batch.at - batch.settings.max_age
    return mention.history or mention.gone_at is not None or old
