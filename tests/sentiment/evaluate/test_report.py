"""A report sums up by task and slice, for people and for machines."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET  # our own output
from collections.abc import Sequence

from sentiment.data import Row
from sentiment.evaluate import evaluate, show
from sentiment.labels import CATEGORIES
from sentiment.reading import Reading, Sentiment, nothing
from sentiment.urgency import from_steps


class Fake:
    """Says negative and level 2 to every text with "bad" in it, and nothing to others."""

    name = "fake-1"

    def read(
        self, texts: Sequence[str], *, languages: Sequence[str | None] | None = None, reasons: bool = True
    ) -> list[Reading]:
        assert not reasons
        return [
            Reading(
                "en", Sentiment("negative", 0.8, 0.1, 0.1), from_steps((0.9, 0.8, 0.1), (0.5, 0.5, 0.5)),
                "staff_service", needs_reply=True,
            )
            if "bad" in text
            else nothing("en", "fake-1")
            for text in texts
        ]  # fmt: skip


def rows() -> list[Row]:
    staff = CATEGORIES.index("staff_service")
    made = [Row(f"b{n}", "s", "en", "tweet", "bad", 0, 2, staff, 1) for n in range(40)]
    made += [Row(f"g{n}", "s", "fr", "review", "fine", 1, 0, 12, 0) for n in range(40)]
    made += [Row(f"w{n}", "s", "fr", "review", "fine", 0, 3, staff, 1) for n in range(10)]
    return made


def test_tasks_slices_and_the_worst() -> None:
    report = evaluate(Fake(), rows())
    urgent = report.overall["urgency"]
    assert urgent["alert"]["precision"] == 1.0
    assert urgent["alert"]["recall"] == 0.8
    assert urgent["criticals"] == 10
    assert urgent["criticals_caught"] == 0.0
    assert report.slices["language: en"]["urgency"]["accuracy"] == 1.0
    assert report.worst["urgency"]["slice"] in {"language: fr", "channel: review"}
    assert json.loads(json.dumps(report.as_json()))["rows"] == 90


def test_rows_without_a_label_are_left_out_of_that_task() -> None:
    report = evaluate(Fake(), [Row("1", "s", "en", "tweet", "bad", urgency=2)])
    assert list(report.overall) == ["urgency"]
    assert report.worst == {}


def test_table_and_plot() -> None:
    report = evaluate(Fake(), rows())
    text = show.table(report)
    assert "model fake-1, 90 rows" in text
    assert "language: fr" in text
    assert "worst slice, urgency" in text
    root = ET.fromstring(show.plot(report))  # noqa: S314 - our own output
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 2
