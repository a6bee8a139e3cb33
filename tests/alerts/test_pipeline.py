"""The walk: each step finds its work in rows and wakes the next."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from alerts import pipeline, reply
from alerts.settings import AlertSettings, MailSettings
from listener.db import Database, now
from listener.ground import Ground
from sentiment.settings import SentimentSettings
from tests.alerts.scene import Scene

NAMES = {"poll", "recheck", "score", "triage", "publish", "deliver", "renew", "digest"}


@dataclass
class Woken:
    """Remembers who was woken."""

    jobs: list[tuple[str, ...]] = field(default_factory=list)

    def send(self, job: str, *args: int) -> None:
        self.jobs.append((job, *[str(arg) for arg in args]))


@dataclass
class Tree:
    alerts: AlertSettings = field(default_factory=AlertSettings)
    sentiment: SentimentSettings = field(default_factory=SentimentSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    public_url: str = "http://127.0.0.1:8765"


@dataclass
class App:
    db: Database
    ground: Ground
    settings: Tree = field(default_factory=Tree)
    wake: Woken = field(default_factory=Woken)

    @property
    def reader(self) -> Any:
        raise AssertionError("the model was loaded by a job that does not score")

    @property
    def mailer(self) -> Any:
        from alerts.mail import Mailer

        return Mailer(self.settings.mail)


@pytest.fixture
def app(small: Scene) -> App:
    return App(small.db, small.ground)


def test_the_jobs_are_the_queues_and_ticks_only_wake_known_jobs(app: App) -> None:
    jobs = pipeline.jobs(app)  # type: ignore[arg-type]
    assert {job.name for job in jobs} == NAMES
    wake = Woken()
    for tick in pipeline.ticks(app, wake):  # type: ignore[arg-type]
        assert tick.every > 0
        tick.run()
    assert {job[0] for job in wake.jobs} <= NAMES
    assert {"publish", "triage", "deliver", "digest"} <= {job[0] for job in wake.jobs}


def test_no_job_but_score_touches_the_model_and_score_only_with_work(app: App) -> None:
    for job in pipeline.jobs(app):  # type: ignore[arg-type]
        if job.name not in {"poll", "recheck", "renew"}:
            job.run()


def test_triage_wakes_the_mails_of_what_it_raised(small: Scene, app: App) -> None:
    small.mention(level=3, posted_at=now())
    pipeline.triage_batch(app)  # type: ignore[arg-type]
    assert [alert.level for alert in small.alerts()] == [3]
    assert app.wake.jobs == [("deliver",)]


def test_publish_sends_what_is_due(small: Scene, app: App) -> None:
    mention_id = small.mention(posted_at=now())
    reply.approve(
        small.db,
        small.ground,
        mention_id=mention_id,
        text="On it.",
        person_id=small.people["mia"],
        undo_seconds=0,
    )
    pipeline.publish(app)  # type: ignore[arg-type]
    assert len(small.platform.replies()) == 1


def test_due_sources_are_polled_one_job_each(small: Scene, app: App) -> None:
    wake = Woken()
    ids = pipeline.poll_due(app, wake)  # type: ignore[arg-type]
    assert wake.jobs == [("poll", str(source_id)) for source_id in ids]
    assert sorted(ids) == sorted(small.sources.values())
    assert pipeline.poll_due(app, Woken()) == []  # type: ignore[arg-type]


def test_a_process_scores_one_batch_at_a_time(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go = threading.Event(), threading.Event()
    batches: list[int] = []

    def slow(_db: Database, _reader: object, *, limit: int) -> list[int]:
        batches.append(limit)
        inside.set()
        go.wait(10)
        return []

    monkeypatch.setattr(App, "reader", None)
    monkeypatch.setattr(pipeline, "_waiting", lambda *_: True)
    monkeypatch.setattr(pipeline.score_, "score", slow)
    first = threading.Thread(target=pipeline.score_batch, args=(app,))
    first.start()
    assert inside.wait(10)
    pipeline.score_batch(app)  # type: ignore[arg-type]  # returns at once
    assert len(batches) == 1
    go.set()
    first.join(10)
    pipeline.score_batch(app)  # type: ignore[arg-type]
    assert len(batches) == 2


def test_what_is_due_for_another_look_is_asked_for_and_wakes_who_follows(small: Scene, app: App) -> None:
    past = now() - timedelta(minutes=1)
    edited, gone = (small.mention(posted_at=now(), recheck_at=past, stage="triaged") for _ in range(2))
    wake = Woken()
    (source_id,) = pipeline.recheck_due(app, wake)  # type: ignore[arg-type]
    assert wake.jobs == [("recheck", str(source_id))]
    assert pipeline.recheck_due(app, Woken()) == []  # type: ignore[arg-type]
    changes = {small.external_id(edited): {"text": "edited"}, small.external_id(gone): "gone"}
    small.platform.set("now", changes)
    pipeline.recheck_one(app, source_id)  # type: ignore[arg-type]
    assert app.wake.jobs == [("score",), ("triage",)]
