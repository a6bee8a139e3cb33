"""What its author deleted is not answered any more."""

from __future__ import annotations

from alerts import closing, triage
from listener.models import Mention
from tests.alerts.scene import AT, Scene


def test_an_open_alert_whose_post_is_gone_is_closed_and_shows_no_words(scene: Scene) -> None:
    gone, stays = scene.mention(), scene.mention(author="bob")
    triage.triage(scene.db, at=AT)
    assert closing.gone(scene.db, at=AT) == []
    with scene.db.work() as session:
        session.get_one(Mention, gone).gone_at = AT
    first, second = scene.alerts()
    assert closing.gone(scene.db, at=AT) == [first.id]
    first, second = scene.alerts()
    assert (first.state, first.resolution, first.text) == ("closed", "gone", "")
    assert (second.state, second.latest_mention_id) == ("open", stays)
    assert closing.gone(scene.db, at=AT) == []
