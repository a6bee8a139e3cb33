"""Takes note of posts that were deleted upstream: what the author took back is not shown, not quoted and not answered.

The listener has blanked the post itself; here go the words that alerts, scores and suggestions have of it. An alert
whose other posts are still there goes on with the newest of them; one that has none left is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from alerts import case, events, flow
from alerts.models import Alert, CaseMention, Reply, Suggestion
from alerts.replying import states
from listener.db import Database, now
from listener.models import Mention
from sentiment.models import Score

LIMIT = 200
UNSEEN = text("mention.gone_at IS NOT NULL AND NOT mention.gone_seen")  # written as the partial index has it
TOO_LATE = "the post was deleted by its author before the reply went out"


def gone(db: Database, *, at: datetime | None = None) -> list[int]:
    """Take note of at most LIMIT deletions; return the ids of the open alerts that were closed by them."""
    moment = at or now()
    with db.read() as session:
        if session.scalar(select(Mention.id).where(UNSEEN).limit(1)) is None:
            return []
    with db.work() as session:
        number = flow.changing(session)
        unseen = select(Mention).where(UNSEEN).order_by(Mention.id).limit(LIMIT).with_for_update()
        mentions = list(session.scalars(unseen))
        ids = [mention.id for mention in mentions]
        _forget(session, ids, moment)
        alerts = _alerts(session, ids)
        closed = [alert.id for alert in alerts if _settle(session, alert, ids, number, moment)]
        flow.settle_incidents(session, alerts)
        for mention in mentions:
            mention.gone_seen = True
        return closed


def _forget(session: Session, ids: Sequence[int], at: datetime) -> None:
    """Drop the words of the posts that scores and suggestions hold, and the answers that were under way."""
    plain = {"synchronize_session": False}
    blank = update(Score).where(Score.mention_id.in_(ids)).values(reasons=[], vector=None)
    session.execute(blank.execution_options(**plain))
    session.execute(delete(Suggestion).where(Suggestion.mention_id.in_(ids)))
    waiting = select(Reply).where(
        Reply.mention_id.in_(ids), Reply.state.in_((states.DRAFT, states.AWAITING, states.APPROVED))
    )
    for reply in session.scalars(waiting.with_for_update()):
        if reply.state == states.DRAFT:
            reply.state = states.WITHDRAWN
            continue
        reply.state, reply.error = states.FAILED, TOO_LATE
        states.record(session, reply, "reply.failed", at=at)


def _alerts(session: Session, ids: Sequence[int]) -> list[Alert]:
    of_case = select(CaseMention.alert_id).where(CaseMention.mention_id.in_(ids))
    found = select(Alert).where(Alert.id.in_(of_case)).order_by(Alert.id).with_for_update()
    return list(session.scalars(found))


def _settle(session: Session, alert: Alert, ids: Sequence[int], number: int, at: datetime) -> bool:
    """Let an alert forget the posts; return whether it was open and is closed now."""
    alert.reasons, alert.changed = [], number
    if alert.latest_mention_id not in ids:
        return False
    left = session.scalar(
        select(Mention)
        .join(CaseMention, CaseMention.mention_id == Mention.id)
        .where(CaseMention.alert_id == alert.id, Mention.gone_at.is_(None))
        .order_by(Mention.posted_at.desc(), Mention.id.desc())
        .limit(1)
    )
    if left is not None:
        alert.latest_mention_id, alert.text = left.id, case.excerpt(left)
        alert.url, alert.reply_mode = left.url, left.reply_mode
        events.record(session, "alert.shortened", alert_id=alert.id, mention_id=left.id, at=at)
        return False
    alert.text = ""
    if alert.state != flow.OPEN:
        events.record(session, "alert.gone", alert_id=alert.id, at=at)
        return False
    data = flow.closed(alert, "gone", at)
    events.record(session, "alert.closed", alert_id=alert.id, data=data, at=at)
    return True
