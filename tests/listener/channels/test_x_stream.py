"""X's filtered stream beside the polls: our rules and no others, each post paid once, and X's own ways to end it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from listener import brands, budget, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Source
from listener.streams import follow
from tests.listener.channels.x_room import KEYS, TinyX
from tests.listener.channels.x_scene import hear, stored
from tests.listener.streams.room import Make, is_up, process, row, spans
from tests.listener.web_room import Asked, Site
from tests.listener.wire_room import Lined, Visit, lined, until

__all__ = ["lined", "process"]
STREAM = "/2/tweets/search/stream"
BUSY = (
    429,
    {"Content-Type": "application/json", "x-rate-limit-reset": "4102444800"},
    json.dumps({
        "title": "ConnectionException", "connection_issue": "TooManyConnections",
        "detail": "This stream is currently at the maximum allowed connection limit.",
    }).encode(),
)  # fmt: skip


@dataclass
class Streaming:
    """An X that streams: `rules` by id, as (value, tag); everything else is the tiny X of the polls."""

    lined: Lined
    tiny: TinyX
    rules: dict[str, tuple[str, str]] = field(default_factory=dict)
    refused: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)

    def answers(self, visit: Visit, method: str, body: bytes) -> tuple[int, str]:
        if visit.path != f"{STREAM}/rules":
            query = {name: values[0] for name, values in visit.query.items()}
            told = self.tiny.answer(Asked(method, visit.path, query, visit.headers, body, visit.query))
            return told.status, told.body if isinstance(told.body, str) else told.body.decode()
        assert visit.headers["Authorization"] == "Bearer bearer-sesame"
        if method == "POST":
            return self.change(json.loads(body))
        found = [{"id": name, "value": value, "tag": tag} for name, (value, tag) in self.rules.items()]
        return 200, json.dumps({"data": found, "meta": {}} if found else {"meta": {"result_count": 0}})

    def change(self, told: dict[str, Any]) -> tuple[int, str]:
        self.calls.append(told)
        for name in told.get("delete", {}).get("ids", []):
            del self.rules[name]
        errors = []
        for rule in told.get("add", []):
            if self.refused and self.refused in rule["value"]:
                errors.append(
                    {"value": rule["value"], "title": "UnprocessableEntity", "details": ["no such operator"]}
                )
                continue
            self.rules[str(100 + len(self.calls) * 10 + len(self.rules))] = (rule["value"], rule["tag"])
        return 201, json.dumps({"meta": {}} | ({"errors": errors} if errors else {}))

    def named(self, part: str) -> str:
        return next(name for name, (value, _tag) in self.rules.items() if part in value)

    def say(self, number: str, *rules: str) -> None:
        tweet = self.tiny.tweets[int(number)]
        matching = [{"id": name, "tag": self.rules[name][1]} for name in rules]
        includes = TinyX._users([tweet])
        self.lined.say(json.dumps({"data": tweet, "includes": includes, "matching_rules": matching}))


@pytest.fixture
def x(lined: Lined) -> Streaming:
    lined.stream = STREAM
    made = Streaming(lined, TinyX(Site()))
    lined.answers = made.answers
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = follow._wait
    monkeypatch.setattr(
        follow, "_wait", lambda errors, error: wait(errors, error) if error.retry_after else timedelta(0)
    )


def follow_it(db: Database, kit: Ground, x: Streaming, **settings: str) -> int:
    brands.add(db, "Acme", query="acme -lawn")
    given = {"base_url": x.lined.url, "bearer_token": "bearer-sesame", "username": "acme", "stream": "true"}
    given = given | KEYS | settings
    return sources.add(
        db, kit, "x", name="x", brand="Acme", settings={name: value for name, value in given.items() if value}
    )


def values(x: Streaming) -> list[str]:
    return sorted(value for value, _tag in x.rules.values())


def test_rules_are_added_with_our_tag_and_only_ours_are_removed(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make
) -> None:
    x.rules = {"1": ("their own", "theirs"), "2": ("old of ours", "allears:9-1"), "3": ("untagged", "")}
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id) and "2" not in x.rules)
    assert values(x) == [
        "(acme OR #acme OR @acme) -lawn -is:retweet -from:acme", "@acme -is:retweet", "from:acme -is:retweet",
        "their own", "untagged",
    ]  # fmt: skip
    assert len({tag for _value, tag in x.rules.values() if tag.startswith("allears:")}) == 1
    visit = x.lined.visits[0]
    assert "created_at" in visit.query["tweet.fields"][0]
    assert "backfill_minutes" not in visit.query
    assert visit.headers["Accept-Encoding"] == "identity"


def test_a_post_is_heard_at_once_paid_once_and_known_to_the_poll(
    db: Database, kit: Ground, x: Streaming, process: Make
) -> None:
    source_id = follow_it(db, kit, x, reads_per_day="100")
    process(db)
    until(lambda: is_up(db, source_id))
    number = x.tiny.publish("@acme my router is dark")
    x.say(number, x.named("@acme -is"), x.named("lawn"))
    until(lambda: number in stored(db), 3)
    found = stored(db)[number]
    assert (found.addressed_to_us, found.reply_mode) == (True, "api")
    until(lambda: used(db, source_id) == 1)
    outcome = hear(db, kit, source_id)
    assert (outcome.new, outcome.duplicates > 0) == (0, True)


def used(db: Database, source_id: int) -> int:
    with db.read() as session:
        return budget.of(session, session.get_one(Source, source_id), at=now()).used


def test_what_other_rules_of_the_app_bring_is_paid_and_left_alone(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make
) -> None:
    x.rules = {"1": ("acme", "theirs")}
    source_id = follow_it(sqlite_db, kit, x, reads_per_day="100")
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    x.say(x.tiny.publish("acme, says somebody else's rule"), "1")
    ours = x.tiny.publish("acme is down")
    x.say(ours, x.named("lawn"), "1")
    until(lambda: ours in stored(sqlite_db))
    assert set(stored(sqlite_db)) == {ours}
    until(lambda: used(sqlite_db, source_id) == 2)


def test_a_used_up_budget_closes_the_stream_until_midnight(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, x, reads_per_day="10")
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    numbers = [x.tiny.publish(f"acme {number}") for number in range(10)]
    for number in numbers:
        x.say(number, x.named("lawn"))
    until(lambda: row(sqlite_db, source_id).state == "down" and not x.lined.open)
    assert set(stored(sqlite_db)) == set(numbers)
    assert "budget of 10 reads" in (row(sqlite_db, source_id).error or "")
    assert len(x.lined.visits) == 1


def test_a_second_stream_of_the_app_waits_and_leaves_no_rules(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make, quick: None
) -> None:
    x.lined.refuse = BUSY
    x.rules = {"1": ("somebody else", "allears:7-7")}
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: len(x.lined.visits) == 1 and row(sqlite_db, source_id).error is not None)
    found = row(sqlite_db, source_id)
    assert timedelta(seconds=50) < found.next_at - now() < timedelta(seconds=70)  # not X's 15 minutes
    assert found.state == "down"
    assert "one stream" in (found.hint or "")
    assert values(x) == ["somebody else"]


@pytest.mark.parametrize(
    ("refusal", "visits", "state"),
    [((401, {}, b'{"title": "Unauthorized"}'), 2, "attention"),
     ((402, {}, b'{"title": "CreditsDepleted"}'), 2, "attention"),
     ((403, {}, b'{"title": "Forbidden", "detail": "client-not-enrolled"}'), 2, "attention"),
     ((429, {}, b'{"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped"}'), 2,
      "attention"),
     ((429, {"x-rate-limit-reset": "0"}, b"{}"), 1, "down")],
)  # fmt: skip
def test_refusals_are_not_hammered(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make, quick: None,
    refusal: tuple[int, dict[str, str], bytes], visits: int, state: str,
) -> None:  # fmt: skip
    import time

    status, headers, body = refusal
    if "x-rate-limit-reset" in headers:
        headers = {"x-rate-limit-reset": str(int(time.time()) + 600)}
    x.lined.refuse = (status, {"Content-Type": "application/json"} | headers, body)
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: len(x.lined.visits) >= visits)
    until(lambda: row(sqlite_db, source_id).holder is None and row(sqlite_db, source_id).state == state)
    time.sleep(0.4)
    assert len(x.lined.visits) == visits
    assert row(sqlite_db, source_id).hint


def test_a_cut_in_the_middle_of_a_post_and_a_line_of_garbage(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make, quick: None
) -> None:
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    for garbage in ("not json", "[]", '{"data": {"id": 7}}', '{"data": []}', "{}", ""):
        x.lined.say(garbage)
    first, second = x.tiny.publish("acme one"), x.tiny.publish("acme two")
    x.say(first, x.named("lawn"))
    until(lambda: first in stored(sqlite_db))
    assert len(x.lined.visits) == 1
    x.lined.raw(b'40\r\n{"data": {"id": "7", "te')
    x.lined.cut()
    x.lined.await_visits(2)
    until(lambda: is_up(sqlite_db, source_id) and len(spans(sqlite_db)) == 2)
    assert len(x.calls) == 1  # the rules were there already
    assert second not in stored(sqlite_db)
    hear(sqlite_db, kit, source_id)  # the safety net
    assert second in stored(sqlite_db)


def test_when_x_ends_it_itself_we_come_back(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make, quick: None
) -> None:
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    x.lined.say(json.dumps({"errors": [{
        "title": "operational-disconnect", "disconnect_type": "UpstreamOperationalDisconnect",
        "detail": "This stream has been disconnected for operational reasons.",
    }]}))  # fmt: skip
    x.lined.await_visits(2)
    assert "operational reasons" in (spans(sqlite_db)[0].error or "")
    until(lambda: is_up(sqlite_db, source_id))


def test_a_changed_query_changes_the_rules(
    sqlite_db: Database, kit: Ground, x: Streaming, process: Make
) -> None:
    source_id = follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    until(lambda: is_up(sqlite_db, source_id))
    with sqlite_db.read() as session:
        brand_id = brands.named(session, "Acme")
    brands.set_queries(sqlite_db, brand_id, ["gadget"])
    until(
        lambda: (
            any("gadget" in value for value in values(x)) and not any("lawn" in value for value in values(x))
        )
    )
    until(lambda: is_up(sqlite_db, source_id) and len(x.lined.visits) == 2)
    number = x.tiny.publish("my gadget is dark")
    x.say(number, x.named("gadget"))
    until(lambda: number in stored(sqlite_db))


@pytest.mark.parametrize(
    ("settings", "says"), [({"bearer_token": ""}, "no bearer_token"), ({}, "does not take 1 of the rules")]
)
def test_what_cannot_be_streamed_says_why(
    sqlite_db: Database,
    kit: Ground,
    x: Streaming,
    process: Make,
    quick: None,
    settings: dict[str, str],
    says: str,
) -> None:
    x.refused = "lawn"
    source_id = follow_it(sqlite_db, kit, x, **settings)
    process(sqlite_db)
    until(
        lambda: (
            bool(spans(sqlite_db))
            or (is_claimed(sqlite_db) and row(sqlite_db, source_id).state == "attention")
        )
    )
    assert says in (row(sqlite_db, source_id).error or "")
    assert x.lined.visits == []


def is_claimed(db: Database) -> bool:
    from listener.streams.models import Stream

    with db.read() as session:
        return session.query(Stream).count() == 1


def test_silence_is_noticed(
    sqlite_db: Database,
    kit: Ground,
    x: Streaming,
    process: Make,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from listener.channels.x import live

    monkeypatch.setattr(live, "SILENCE", 0.5)
    follow_it(sqlite_db, kit, x)
    process(sqlite_db)
    x.lined.await_visits(2)
    assert "nothing came for 0.5 s" in (spans(sqlite_db)[0].error or "")
