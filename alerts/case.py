"""A case: one customer in one thread. Finds the alert a mention belongs to, raises a new one, or lets it join.

The caller (`triage`) holds the turn to change alerts (`flow.changing`) and decides about stages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts import events, flow, rules, sla
from alerts.calendars import Hours
from alerts.models import Alert, CaseMention
from alerts.rules import ALERT, IGNORE, Verdict
from listener import spread
from listener.models import Author, Brand, Mention
from sentiment.models import Score

EXCERPT = 280  # characters of the text that a row of the inbox shows
KEY_LENGTH = 320


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything triage knows about one mention."""

    mention: Mention
    author: Author | None
    score: Score
    brand: Brand
    verdict: Verdict
    hours: Hours
    at: datetime
    number: int  # for `Alert.changed`

    @property
    def level(self) -> int:
        """How urgent it is: what the words say, and how many have seen them."""
        return rules.level(self.mention, self.score)

    @property
    def key(self) -> tuple[int, str, str, int | None]:
        """What makes two mentions one case."""
        return (self.brand.id, self.mention.channel, thread_key(self.mention), self.mention.author_id)


def thread_key(mention: Mention) -> str:
    """Name the thread across instances; a post without a thread is one of its own."""
    key = f"{mention.instance}:{mention.thread_id or mention.external_id}"
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[: KEY_LENGTH - 65]}#{hashlib.sha256(key.encode()).hexdigest()}"


def existing(session: Session, mentions: Sequence[Mention]) -> dict[tuple[int, str, str, int | None], Alert]:
    """Return the newest alert of each case these mentions might belong to."""
    keys = {thread_key(mention) for mention in mentions if mention.author_id is not None}
    if not keys:
        return {}
    found = session.scalars(
        select(Alert)
        .where(Alert.channel.in_({mention.channel for mention in mentions}), Alert.thread_key.in_(keys))
        .where(Alert.author_id.in_({mention.author_id for mention in mentions}))
        .order_by(Alert.id)
    )
    return {(row.brand_id, row.channel, row.thread_key, row.author_id): row for row in found}


def own(session: Session, mentions: Sequence[Mention]) -> dict[int, tuple[Alert, CaseMention]]:
    """Return the alert of each mention that is part of one already (it was edited, or spread, and comes again)."""
    rows = session.execute(
        select(Alert, CaseMention)
        .join(CaseMention, Alert.id == CaseMention.alert_id)
        .where(CaseMention.mention_id.in_([mention.id for mention in mentions]))
    )
    return {part.mention_id: (alert, part) for alert, part in rows}


def raise_(session: Session, facts: Facts) -> Alert:
    """Make the alert of a new case."""
    mention, score, verdict = facts.mention, facts.score, facts.verdict
    alert = Alert(
        mention_id=mention.id, latest_mention_id=mention.id, brand_id=facts.brand.id, rule_id=verdict.rule_id,
        author_id=mention.author_id, channel=mention.channel, thread_key=thread_key(mention), kind=verdict.action,
        level=facts.level, sentiment=score.sentiment, category=score.category, language=score.language,
        author=_name(facts.author), text=excerpt(mention), url=mention.url, reply_mode=mention.reply_mode,
        reasons=list(score.reasons), needs_approval=verdict.needs_approval, assignee_id=verdict.assignee_id,
        posted_at=mention.posted_at, collected_at=mention.collected_at, scored_at=score.created_at,
        raised_at=facts.at, due_at=_due(facts) if verdict.action == ALERT else None, changed=facts.number,
    )  # fmt: skip
    if mention.existing_reply is not None and mention.revision == 1:
        # the review already carries our answer: known, listed as answered, and nobody is paged for it
        alert.state, alert.answered_at = flow.ANSWERED, facts.at
    session.add(alert)
    session.flush()
    session.add(_part(facts, alert))
    events.record(
        session, "alert.raised", alert_id=alert.id, mention_id=mention.id, once=f"alert.raised:{mention.id}",
        data={"level": alert.level, "kind": alert.kind, "rule": verdict.rule_id, "why": verdict.why}, at=facts.at,
    )  # fmt: skip
    return alert


def join(session: Session, alert: Alert, facts: Facts) -> bool:
    """Add a later post of the customer to its alert; return whether the alert was opened again by it."""
    session.add(_part(facts, alert))
    alert.posts += 1
    newest = facts.mention.id != alert.latest_mention_id and facts.mention.posted_at >= _latest_at(
        session, alert
    )
    again = alert.state != flow.OPEN
    if again:
        data = flow.reopened(alert)
        events.record(
            session, "alert.reopened", alert_id=alert.id, mention_id=facts.mention.id,
            data={**data, "by": "customer"}, at=facts.at,
        )  # fmt: skip
    else:
        events.record(session, "alert.joined", alert_id=alert.id, mention_id=facts.mention.id, at=facts.at)
    alert.waiting, alert.snoozed_until, alert.follow_up_at = False, None, None
    if newest:
        alert.latest_mention_id = facts.mention.id
        _show(alert, facts, again=again)
    return again


def revise(session: Session, alert: Alert, part: CaseMention, facts: Facts) -> bool:
    """A post of the case was edited, or spread; return whether the alert was opened again, or became critical, by it.

    An edit that is no longer worth an alert only updates what is shown. Who answered once is not asked again because
    more people look.
    """
    if part.revision == facts.mention.revision:
        return _grown(session, alert, facts)
    part.revision = facts.mention.revision
    again = alert.state != flow.OPEN and facts.verdict.action != IGNORE
    if again:
        data = {**flow.reopened(alert), "by": "edit"}
        events.record(
            session, "alert.reopened", alert_id=alert.id, mention_id=facts.mention.id, data=data, at=facts.at
        )
    else:
        events.record(session, "alert.edited", alert_id=alert.id, mention_id=facts.mention.id, at=facts.at)
    if alert.latest_mention_id == facts.mention.id:
        _show(alert, facts, again=again)
    alert.changed = facts.number
    return again


def _grown(session: Session, alert: Alert, facts: Facts) -> bool:
    alert.changed = facts.number
    if alert.state != flow.OPEN or facts.level <= alert.level:
        return False
    data = {"from": alert.level, "to": facts.level, "reactions": spread.reactions(facts.mention.engagement)}
    events.record(
        session, "alert.spread", alert_id=alert.id, mention_id=facts.mention.id, data=data, at=facts.at
    )
    alert.level = facts.level
    if alert.due_at is not None:
        alert.due_at = min(alert.due_at, _due(facts) or alert.due_at)
    return True


def _part(facts: Facts, alert: Alert) -> CaseMention:
    return CaseMention(mention_id=facts.mention.id, alert_id=alert.id, revision=facts.mention.revision)


def _show(alert: Alert, facts: Facts, *, again: bool) -> None:
    """Let the row show the newest words; while the case stays open it never becomes less urgent by itself."""
    mention, score = facts.mention, facts.score
    higher = facts.level >= alert.level
    alert.level = max(facts.level, 1) if again else max(facts.level, alert.level)
    if higher or again:
        alert.category, alert.reasons = score.category, list(score.reasons)
    alert.sentiment, alert.language = score.sentiment, score.language
    alert.text, alert.url, alert.reply_mode = excerpt(mention), mention.url, mention.reply_mode
    if alert.kind != ALERT and (score.needs_reply or facts.verdict.action == ALERT):
        alert.kind = ALERT
    if alert.kind == ALERT:
        due = _due(facts, level=alert.level)
        alert.due_at = due if again or alert.due_at is None or due is None else min(alert.due_at, due)
    alert.scored_at = score.created_at
    alert.changed = facts.number


def _due(facts: Facts, level: int | None = None) -> datetime | None:
    mention = facts.mention
    return sla.due_at(
        facts.level if level is None else level, mention.channel, mention.posted_at, facts.hours,
        kind=mention.kind, collected_at=mention.collected_at,
    )  # fmt: skip


def _latest_at(session: Session, alert: Alert) -> datetime:
    latest = session.get(Mention, alert.latest_mention_id)
    return latest.posted_at if latest is not None else alert.posted_at


def excerpt(mention: Mention) -> str:
    """Return what a row of the inbox shows of a post."""
    words = " ".join(part for part in (mention.title, mention.text) if part)
    return words if len(words) <= EXCERPT else words[: EXCERPT - 1].rstrip() + "…"


def _name(author: Author | None) -> str:
    return (author.handle or author.name or "") if author is not None else ""
