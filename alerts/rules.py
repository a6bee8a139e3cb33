"""Decides whether a scored mention raises an alert: the enabled rules by position, then the default.

The default needs no row: urgency 2 or more raises an alert whatever the sentiment, and if the author expects no answer
(news, talk among others) a *watch* alert that nobody has to answer. Urgency is what the words say, and one more for a
complaint that has spread (`level`). Rules change who hears what, never a score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from alerts import events
from alerts.errors import AlertsError, NotFound
from alerts.models import Rule
from listener import spread
from listener.channels import KINDS
from listener.db import Database
from listener.models import Author, Brand, Mention
from listener.query import Document, Query, QueryError, parse
from sentiment.labels import LEVELS, SENTIMENTS
from sentiment.models import Score

ALERT, WATCH, IGNORE = "alert", "watch", "ignore"
ACTIONS = (ALERT, WATCH, IGNORE)
DEFAULT_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to a mention, and why in one sentence that the alert page shows."""

    action: str  # alert | watch | ignore
    rule_id: int | None
    why: str
    needs_approval: bool = False
    assignee_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with its words parsed, ready to be tried many times."""

    id: int
    name: str
    brand_id: int | None
    channels: frozenset[str]
    sentiments: frozenset[str]
    min_level: int
    words: Query | None
    action: str
    needs_approval: bool
    assignee_id: int | None

    def matches(self, mention: Mention, author: Author | None, score: Score, brand_id: int) -> bool:
        """Say whether all conditions hold; the words are tried last, they cost most."""
        return (
            (self.brand_id is None or self.brand_id == brand_id)
            and (not self.channels or mention.channel in self.channels)
            and (not self.sentiments or score.sentiment in self.sentiments)
            and level(mention, score) >= self.min_level
            and (self.words is None or self.words.matches(document(mention, author, score)))
        )


def level(mention: Mention, score: Score) -> int:
    """Return how urgent a mention is: as its words say, and one more when a complaint has spread widely.

    Praise and small talk may spread as they like; nothing is more than critical.
    """
    complaint = score.sentiment == "negative" and score.level >= 1
    if complaint and spread.step(mention.engagement) >= spread.WIDE:
        return min(score.level + 1, max(LEVELS))
    return score.level


def document(mention: Mention, author: Author | None, score: Score) -> Document:
    """Return a mention as queries see it; the language is what we found, the platform's tag only if we found none."""
    return Document(
        text=mention.text,
        title=mention.title,
        language=score.language or mention.language,
        channel=mention.channel,
        author=(author.handle or author.name) if author is not None else None,
        rating=mention.rating,
    )


def load(session: Session) -> list[Ready]:
    """Return the enabled rules in the order they are tried."""
    return [
        _ready(row)
        for row in session.scalars(select(Rule).where(Rule.enabled).order_by(Rule.position, Rule.id))
    ]


def verdict(
    rules: Sequence[Ready], mention: Mention, author: Author | None, score: Score, brand_id: int
) -> Verdict:
    """Return what the first matching rule, or else the default, says about a mention."""
    for rule in rules:
        if rule.matches(mention, author, score, brand_id):
            action = WATCH if rule.action == ALERT and not score.needs_reply else rule.action
            return Verdict(action, rule.id, f"rule “{rule.name}”", rule.needs_approval, rule.assignee_id)
    urgency = level(mention, score)
    seen = f", {spread.reactions(mention.engagement)} reactions" if urgency > score.level else ""
    if urgency < DEFAULT_LEVEL:
        return Verdict(IGNORE, None, f"urgency {urgency} is below {DEFAULT_LEVEL}")
    if score.needs_reply:
        return Verdict(ALERT, None, f"urgency {urgency}{seen}")
    return Verdict(WATCH, None, f"urgency {urgency}{seen}, no answer expected")


def list_(session: Session) -> list[Rule]:
    """Return all rules in the order they are tried, disabled ones too."""
    return list(session.scalars(select(Rule).order_by(Rule.position, Rule.id)))


def add(  # noqa: PLR0913 - the conditions of a rule
    db: Database,
    name: str,
    *,
    brand: str | None = None,
    channels: Sequence[str] = (),
    sentiments: Sequence[str] = (),
    min_level: int = DEFAULT_LEVEL,
    words: str | None = None,
    action: str = ALERT,
    needs_approval: bool = False,
    assignee_id: int | None = None,
    position: int = 100,
    enabled: bool = True,
    by: int | None = None,
) -> int:
    """Add a rule and return its id. Raises AlertsError naming what is wrong (the position in the words, too)."""
    if not name.strip():
        raise AlertsError("a rule needs a name")
    _known(channels, KINDS, "channel")
    _known(sentiments, SENTIMENTS, "sentiment")
    _known([action], ACTIONS, "action")
    _known([str(min_level)], [str(level) for level in LEVELS], "level")
    if words:
        _parsed(words)
    try:
        with db.work() as session:
            brand_id = None
            if (
                brand is not None
                and (brand_id := session.scalar(select(Brand.id).where(Brand.name == brand))) is None
            ):
                raise AlertsError(f"unknown brand {brand!r}; `allears brand list` shows the known ones")
            row = Rule(
                name=name.strip(), position=position, enabled=enabled, brand_id=brand_id, channels=list(channels),
                sentiments=list(sentiments), min_level=min_level, words=words or None, action=action,
                needs_approval=needs_approval, assignee_id=assignee_id,
            )  # fmt: skip
            session.add(row)
            session.flush()
            events.record(session, "rule.added", person_id=by, data={"rule": row.id, "action": action})
            return row.id
    except IntegrityError as error:
        raise AlertsError(f"there is a rule {name.strip()!r} already; choose another name") from error


def enable(db: Database, name: str, *, enabled: bool, by: int | None = None) -> None:
    """Switch a rule on or off. Raises NotFound."""
    with db.work() as session:
        row = session.scalar(select(Rule).where(Rule.name == name))
        if row is None:
            raise NotFound(f"there is no rule {name!r}; `allears rule list` shows them")
        row.enabled = enabled
        events.record(
            session, "rule.enabled" if enabled else "rule.disabled", person_id=by, data={"rule": row.id}
        )


def _ready(row: Rule) -> Ready:
    return Ready(
        row.id, row.name, row.brand_id, frozenset(row.channels), frozenset(row.sentiments), row.min_level,
        _parsed(row.words) if row.words else None, row.action, row.needs_approval, row.assignee_id,
    )  # fmt: skip


def _parsed(words: str) -> Query:
    try:
        return parse(words)
    except QueryError as error:
        raise AlertsError(f"the words of the rule cannot be read: {error}") from error


def _known(given: Sequence[str], known: Sequence[str] | dict[str, str], what: str) -> None:
    for value in given:
        if value not in known:
            raise AlertsError(f"unknown {what} {value!r}; known: {', '.join(known)}")
