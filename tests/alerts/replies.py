"""What the tests of reply share."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from alerts import reply, triage
from alerts.models import Alert, Reply
from listener.db import now
from tests.alerts.scene import AT, Scene

TEXT = "Thank you for telling us. We are looking into it."


def raised(scene: Scene, **fields: object) -> tuple[int, int]:
    """Raise one alert; return (mention, alert)."""
    mention_id = scene.mention(**fields)  # type: ignore[arg-type]
    done = triage.triage(scene.db, at=AT)
    assert done is not None
    return mention_id, done.raised[0]


def approved(scene: Scene, mention_id: int, person: str = "mia", text: str = TEXT, **options: object) -> int:
    options = {"undo_seconds": 0, **options}
    return reply.approve(
        scene.db, scene.ground, mention_id=mention_id, text=text, person_id=scene.people[person], **options
    )  # type: ignore[arg-type]


def alert_of(scene: Scene, alert_id: int) -> Alert:
    with scene.db.read() as session:
        return session.get_one(Alert, alert_id)


def expire(scene: Scene, reply_id: int) -> None:
    """Let the time until the next check, the next try and the end of the lease pass."""
    past = now() - timedelta(seconds=1)
    with scene.db.work() as session:
        values = {"check_after": past, "send_after": past, "lease_until": past}
        session.execute(update(Reply).where(Reply.id == reply_id).values(values))
