"""Rules: tried in order, the first that matches wins, the default needs no row."""

from __future__ import annotations

import pytest

from alerts import rules, triage
from alerts.errors import AlertsError, NotFound
from tests.alerts.scene import AT, Scene


def levels(scene: Scene) -> list[int]:
    triage.triage(scene.db, at=AT)
    return [alert.level for alert in scene.alerts()]


def test_the_first_that_matches_wins_and_a_disabled_one_is_not_tried(scene: Scene) -> None:
    rules.add(scene.db, "hush", words="parcel", action="ignore", position=10)
    rules.add(scene.db, "parcels", words="parcel", min_level=0, position=20)
    scene.mention(level=3)
    assert levels(scene) == []
    rules.enable(scene.db, "hush", enabled=False)
    scene.mention(level=1, author="bob")
    assert levels(scene) == [1]
    with scene.db.read() as session:
        names = {row.name: row.id for row in rules.list_(session)}
    assert scene.alerts()[0].rule_id == names["parcels"]


@pytest.mark.parametrize(
    ("condition", "raises"),
    [
        ({"brand": "Acme"}, True),
        ({"brand": "Other"}, False),
        ({"channels": ["fake", "file"]}, True),
        ({"channels": ["file"]}, False),
        ({"sentiments": ["negative"]}, True),
        ({"sentiments": ["positive", "neutral"]}, False),
        ({"words": "lang:en AND author:ann"}, True),
        ({"words": "lang:fr"}, False),
        ({"min_level": 1}, True),
        ({"min_level": 2}, False),
    ],
)
def test_every_condition_counts(small: Scene, condition: dict[str, object], raises: bool) -> None:
    rules.add(small.db, "rule", **{"min_level": 1, **condition})  # type: ignore[arg-type]
    small.mention(level=1)
    assert bool(levels(small)) is raises


def test_an_alert_rule_for_what_expects_no_answer_watches(small: Scene) -> None:
    rules.add(small.db, "all", min_level=0)
    small.mention(level=0, needs_reply=False)
    triage.triage(small.db, at=AT)
    assert [alert.kind for alert in small.alerts()] == ["watch"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "x", "channels": ["smoke"]}, "unknown channel 'smoke'"),
        ({"name": "x", "sentiments": ["angry"]}, "unknown sentiment 'angry'"),
        ({"name": "x", "min_level": 4}, "unknown level '4'"),
        ({"name": "x", "action": "shout"}, "unknown action 'shout'"),
        ({"name": "x", "brand": "Nope"}, "unknown brand 'Nope'"),
        ({"name": "x", "words": "(open"}, "words of the rule cannot be read"),
        ({"name": "taken"}, "already"),
    ],
)
def test_what_cannot_be_added(small: Scene, values: dict[str, object], words: str) -> None:
    rules.add(small.db, "taken")
    with pytest.raises(AlertsError, match=words):
        rules.add(small.db, **values)  # type: ignore[arg-type]


def test_an_unknown_rule_cannot_be_switched(small: Scene) -> None:
    with pytest.raises(NotFound, match="allears rule list"):
        rules.enable(small.db, "nope", enabled=True)
