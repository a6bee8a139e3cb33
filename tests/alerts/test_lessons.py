"""What people's work teaches: the newest correction counts, and outcomes come from closed alerts and corrections."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from alerts import feedback, flow, lessons
from alerts.triage import triage
from listener.db import now
from listener.models import Mention
from sentiment.labels import CATEGORIES
from tests.alerts.scene import Scene


def test_corrections_become_labelled_rows(small: Scene) -> None:
    one = small.mention("The soup was cold", level=2)
    small.mention("nobody corrected this")
    feedback.correct(small.db, small.viewer(), one, {"urgency": "3", "category": "product_quality"})
    feedback.correct(small.db, small.viewer(), one, {"urgency": "1", "needs_reply": "no"})
    (row,) = lessons.corrections(small.db)
    assert (row.id, row.text, row.lang) == (str(one), "The soup was cold", "en")
    assert (row.urgency, row.reply, row.sentiment) == (1, 0, None)
    assert CATEGORIES[row.category or 0] == "product_quality"


def test_a_correction_of_another_wording_is_left_out(small: Scene) -> None:
    one = small.mention(level=2)
    feedback.correct(small.db, small.viewer(), one, {"urgency": "0"})
    small.rescore(one, text="now it burns")
    assert lessons.corrections(small.db) == []


def test_outcomes(small: Scene) -> None:
    moment = now()
    names = ("resolved", "not_urgent", "spam", "duplicate")
    ids = {name: small.mention(f"case {name}", author=name, posted_at=moment) for name in names}
    calm = small.mention("calm", level=0, author="calm", posted_at=moment)
    told = small.mention("told", level=0, author="told", posted_at=moment)
    while triage(small.db, limit=50) is not None:
        pass
    alerts = {alert.mention_id: alert.id for alert in small.alerts()}
    for name, mention_id in ids.items():
        flow.close(small.db, small.viewer(), [alerts[mention_id]], name)
    feedback.correct(small.db, small.viewer(), told, {"urgency": "2"})
    with small.db.work() as session:
        old = small.mention("old", author="old", posted_at=moment)
        session.execute(
            update(Mention).where(Mention.id == old).values(collected_at=moment - timedelta(days=40))
        )
    found = lessons.outcomes(small.db, timedelta(days=30))
    judged = sorted((outcome.chance, outcome.mattered) for outcome in found if outcome.mattered is not None)
    assert judged == [(0.1, True), (0.9, False), (0.9, False), (0.9, True)]
    assert len(found) == 6
    assert calm
