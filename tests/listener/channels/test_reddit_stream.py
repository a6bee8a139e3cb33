"""What stands in for Reddit's stream: the newest comments every few seconds, gently, with the polls behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from threading import Event

import pytest

from listener import brands, sources
from listener.channels.base import Listen, Page
from listener.channels.reddit import Reddit, RedditOptions, live
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Source
from listener.query import parse
from listener.streams import follow
from tests.listener.channels.reddit_room import LOGIN, TinyReddit
from tests.listener.channels.reddit_scene import hear, stored
from tests.listener.streams.room import Make, is_up, process, row, spans
from tests.listener.web_room import Answer, Site
from tests.listener.wire_room import until

__all__ = ["process"]


@pytest.fixture
def tiny(site: Site) -> TinyReddit:
    return TinyReddit(site)


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SOONEST", 0.1)
    monkeypatch.setattr(live, "LATEST", 0.2)


def follow_it(db: Database, kit: Ground, tiny: TinyReddit, **settings: str) -> int:
    brands.add(db, "Acme", query="acme")
    given = {"base_url": tiny.site.url, "subreddits": "gadgets,routers", "stream": "true"} | LOGIN | settings
    return sources.add(
        db, kit, "reddit", name="reddit", brand="Acme", settings={k: v for k, v in given.items() if v}
    )


def looks(tiny: TinyReddit) -> int:
    return sum(asked.path.startswith("/r/gadgets+routers/comments") for asked in tiny.site.asked)


def test_a_comment_is_heard_within_a_moment_and_known_to_the_poll(
    db: Database, kit: Ground, tiny: TinyReddit, process: Make, brisk: None
) -> None:
    source_id = follow_it(db, kit, tiny)
    process(db)
    until(lambda: is_up(db, source_id))
    tiny.comment("lovely weather", minutes=0)
    name = tiny.comment("my acme router is dark", minutes=0)
    until(lambda: name in stored(db), 3)
    assert set(stored(db)) == {name}
    assert hear(db, kit, source_id).new == 0
    before = spans(db)[0].fetched
    time.sleep(0.6)  # some more looks at the same comments
    assert spans(db)[0].fetched == before


def test_more_than_a_page_between_two_looks_is_left_to_the_poll(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit, process: Make, brisk: None
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny)
    tiny.page = 10
    tiny.comment("the first", minutes=5)
    tiny.comment("the second", minutes=5)
    hear(sqlite_db, kit, source_id)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    with sqlite_db.work() as session:
        source = session.get_one(Source, source_id)
        source.next_poll_at, source.every = now() + timedelta(hours=1), 60
    with pytest.MonkeyPatch.context() as patch:
        held = tiny.answer
        names: list[str] = []

        def burst(asked: object) -> Answer:
            if not names:
                names.extend(tiny.comment(f"acme {number}", minutes=0) for number in range(40))
            return held(asked)  # type: ignore[arg-type]

        patch.setattr(tiny.site, "answer", burst)
        until(lambda: len(stored(sqlite_db)) == 10)
    with sqlite_db.read() as session:
        assert session.get_one(Source, source_id).next_poll_at < now() + timedelta(seconds=70)
    hear(sqlite_db, kit, source_id)
    assert set(names) == set(stored(sqlite_db))


def test_a_quiet_subreddit_is_looked_at_less_often(kit: Ground, tiny: TinyReddit) -> None:
    options = RedditOptions.model_validate(
        {"base_url": tiny.site.url, "subreddits": ["gadgets"], "stream": True} | LOGIN
    )
    waits: list[float] = []

    def pause(seconds: float, _stop: Event) -> Iterator[Page]:
        waits.append(seconds)
        if len(waits) == 6:
            tiny.comment("acme", minutes=0)
        return iter(())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "_pause", pause)
        pages = Reddit(options, kit.http).stream(Listen([parse("acme")], now()), None, Event())
        assert len(list(islice(pages, 8))) == 8
    assert waits[0] < waits[1] < min(waits[2:6])
    assert max(waits) <= live.LATEST * 1.2
    assert waits[6] < waits[5]


@pytest.mark.parametrize(
    ("fault", "state"),
    [(Answer("{}", 429, {"x-ratelimit-reset": "300"}), "down"), (Answer('{"message": "Forbidden"}', 403), "attention"),
     (Answer('{"message": "Unauthorized"}', 401), "attention")],
)  # fmt: skip
def test_refusals_are_not_hammered(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit, process: Make, brisk: None,
    monkeypatch: pytest.MonkeyPatch, fault: Answer, state: str,
) -> None:  # fmt: skip
    wait = follow._wait
    monkeypatch.setattr(
        follow, "_wait", lambda errors, error: wait(errors, error) if error.retry_after else timedelta(0)
    )
    tiny.fault = lambda asked: fault if "comments" in asked.path else None
    source_id = follow_it(sqlite_db, kit, tiny)
    process(sqlite_db)
    until(lambda: looks(tiny) >= 1)
    until(lambda: row(sqlite_db, source_id).holder is None and row(sqlite_db, source_id).state == state)
    before = looks(tiny)
    time.sleep(0.5)
    assert looks(tiny) == before <= 4  # a refused token is asked for anew once
    assert str(fault.status) in (row(sqlite_db, source_id).error or "") or state == "down"


@pytest.mark.parametrize(
    ("settings", "says"),
    [(dict.fromkeys(LOGIN, ""), "public RSS"), ({"subreddits": ""}, "named subreddits"),
     ({"comments": "false"}, "named subreddits")],
)  # fmt: skip
def test_what_cannot_be_streamed_says_why(
    kit: Ground, tiny: TinyReddit, settings: dict[str, str], says: str
) -> None:
    from listener.errors import ChannelError

    given = {"base_url": tiny.site.url, "subreddits": "gadgets"} | LOGIN | settings
    if "subreddits" in settings:
        del given["subreddits"]
    options = RedditOptions.model_validate(
        {name: [value] if name == "subreddits" else value for name, value in given.items() if value}
    )
    with pytest.raises(ChannelError, match=says) as raised:
        next(Reddit(options, kit.http).stream(Listen([], now()), None, Event()))
    assert raised.value.permanent
    assert raised.value.hint


def test_it_ends_in_the_middle_of_a_wait(
    sqlite_db: Database, kit: Ground, tiny: TinyReddit, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, tiny)
    running = process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 2
    assert row(sqlite_db, source_id).holder is None
