"""X's filtered stream beside the polls: our rules and no others, and each post heard at once and paid once."""

from __future__ import annotations

from listener import brands, budget
from listener.db import Database, now
from listener.ground import Ground
from listener.models import Source
from tests.listener.channels.x_scene import hear, stored
from tests.listener.channels.x_stream_room import Streaming, follow_it, lined, values, x
from tests.listener.streams.room import Make, is_up, process, row
from tests.listener.wire_room import until

__all__ = ["lined", "process", "x"]


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
