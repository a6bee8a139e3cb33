"""Corrections: what the model should have said about a mention, told by a person. Training reads them; scores stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from alerts import events
from alerts.errors import AlertsError, NotFound
from alerts.models import Feedback
from alerts.people import Viewer
from alerts.replying.rows import visible
from listener.db import Database, now
from listener.models import Mention
from sentiment import score as scores
from sentiment.labels import CATEGORIES, LEVELS, SENTIMENTS
from sentiment.models import Score

CHOICES: dict[str, tuple[str, ...]] = {
    "urgency": tuple(str(level) for level in LEVELS),
    "sentiment": SENTIMENTS,
    "category": CATEGORIES,
    "needs_reply": ("yes", "no"),
}


def correct(
    db: Database, viewer: Viewer, mention_id: int, wanted: Mapping[str, str], *, at: datetime | None = None
) -> int:
    """Keep what differs from the score and return how many corrections that were. Raises AlertsError, NotFound."""
    viewer.require("alerts.work")
    for field, value in wanted.items():
        if value not in CHOICES.get(field, ()):
            possible = ", ".join(CHOICES.get(field, ())) or "nothing"
            raise AlertsError(f"{field} cannot be {value!r}; possible: {possible}")
    with db.work() as session:
        visible(session, viewer, mention_id)
        mention = session.get(Mention, mention_id)
        if mention is None:
            raise NotFound(f"there is no mention {mention_id}")
        said = _said(session, mention_id)
        different = {field: value for field, value in wanted.items() if said.get(field) != value}
        for field, value in different.items():
            session.add(
                Feedback(
                    mention_id=mention_id, revision=mention.revision, person_id=viewer.id, field=field, value=value,
                    at=at or now(),
                )
            )  # fmt: skip
            data = {"field": field, "from": said.get(field), "to": value}
            events.record(
                session, "feedback.given", person_id=viewer.id, mention_id=mention_id, data=data, at=at
            )
        return len(different)


def _said(session: Session, mention_id: int) -> dict[str, str]:
    score: Score | None = scores.latest(session, [mention_id]).get(mention_id)
    if score is None:
        return {}
    needs = "yes" if score.needs_reply else "no"
    return {
        "urgency": str(score.level), "sentiment": score.sentiment, "category": score.category, "needs_reply": needs
    }  # fmt: skip
