"""Corrections of scores: only what differs is kept, only where one may look."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from alerts import feedback
from alerts.errors import AlertsError, Forbidden, NotFound
from alerts.models import Feedback
from tests.alerts.scene import Scene


def test_only_what_differs_is_kept(scene: Scene) -> None:
    mention_id = scene.mention(level=2)
    wanted = {"urgency": "1", "sentiment": "negative", "needs_reply": "no"}
    assert feedback.correct(scene.db, scene.viewer(), mention_id, wanted) == 2
    with scene.db.read() as session:
        rows = session.execute(
            select(Feedback.field, Feedback.value, Feedback.revision).order_by(Feedback.field)
        ).all()
    assert [tuple(row) for row in rows] == [("needs_reply", "no", 1), ("urgency", "1", 1)]


@pytest.mark.parametrize("wanted", [{"urgency": "4"}, {"mood": "bad"}, {"category": "weather"}])
def test_labels_that_do_not_exist_are_refused(small: Scene, wanted: dict[str, str]) -> None:
    with pytest.raises(AlertsError, match="cannot be"):
        feedback.correct(small.db, small.viewer(), small.mention(), wanted)


def test_not_by_everybody_and_not_everywhere(small: Scene) -> None:
    mention_id = small.mention()
    with pytest.raises(Forbidden):
        feedback.correct(small.db, small.viewer("max", role="manager"), mention_id, {"urgency": "1"})
    omar = small.viewer("omar", brands=frozenset({small.other_brand_id}))
    with pytest.raises(NotFound):
        feedback.correct(small.db, omar, mention_id, {"urgency": "1"})
