"""Mastodon against the simulated instance: nothing lost, nothing twice, answers where they belong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from listener import accounts, collect, sources
from listener.channels.base import Absent, Attempt, Gone, Post, PostAuthor, ReplyMode, Sent, Unsure
from listener.channels.mastodon import Mastodon, MastodonOptions
from listener.channels.mastodon.length import measure
from listener.db import Database, now
from listener.errors import ChannelError, HttpError
from listener.ground import Ground
from listener.models import Account, Author, Mention, OwnPost, Source
from listener.simulator import Simulator
from tests.listener.channels.mastodon_room import hear, listen_to, publish, sim

__all__ = ["sim"]


def stored(db: Database) -> dict[str, Mention]:
    with db.read() as session:
        return {row.external_id: row for row in session.scalars(select(Mention))}


def opened(sim: Simulator, kit: Ground, token: str | None = None) -> Mastodon:
    options = MastodonOptions.model_validate({"base_url": sim.base_url, "access_token": token or sim.token})
    channel = Mastodon(options, kit.http)
    channel.learn()
    return channel


def brand_handle(sim: Simulator) -> str:
    assert sim.world.brand is not None
    return sim.world.brand.username


def test_sixty_posts_are_each_stored_once(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    posts = [publish(sim, f"acme is slow #{number}", minutes=number + 1) for number in range(60)]
    source_id = listen_to(sqlite_db, kit, sim)
    hear(sqlite_db, kit, source_id)
    assert {post.id for post in posts} <= set(stored(sqlite_db))
    assert hear(sqlite_db, kit, source_id).new == 0


@pytest.mark.slow
def test_a_burst_of_1200_is_caught_up_over_several_runs(sqlite_db: Database, sim: Simulator) -> None:
    from tests.listener.rooms import ground

    kit = ground(max_pages=30)
    source_id = listen_to(sqlite_db, kit, sim, mentions="false")
    hear(sqlite_db, kit, source_id)
    posts = {publish(sim, f"acme outage {number}", minutes=20 - number / 100).id for number in range(1200)}
    outcomes = [hear(sqlite_db, kit, source_id)]
    assert outcomes[0].truncated
    while outcomes[-1].truncated and len(outcomes) < 30:
        outcomes.append(hear(sqlite_db, kit, source_id))
    assert not outcomes[-1].truncated
    assert any(outcome.backfilled for outcome in outcomes)
    assert posts <= set(stored(sqlite_db))


def test_a_hashtag_is_followed_upwards_without_a_log_in(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="#acmedown", access_token="")
    first = publish(sim, "no power #AcmeDown", minutes=90)
    hear(sqlite_db, kit, source_id)
    more = {
        publish(sim, f"still no power #acmedown {number}", minutes=60 - number / 10).id
        for number in range(100)
    }
    hear(sqlite_db, kit, source_id)
    assert {first.id, *more} == set(stored(sqlite_db))
    assert next(iter(stored(sqlite_db).values())).reply_mode == "link"


def test_a_post_that_arrives_late_is_heard(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="#acmedown")
    publish(sim, "dark #acmedown", minutes=1)
    hear(sqlite_db, kit, source_id)
    late = publish(sim, "dark here too #acmedown", minutes=20)
    hear(sqlite_db, kit, source_id)
    assert late.id in stored(sqlite_db)


def test_mentions_of_our_account_are_heard_whatever_they_say(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="nosuchword")
    post = publish(sim, f"@{brand_handle(sim)} are you there?", visibility="direct")
    hear(sqlite_db, kit, source_id)
    row = stored(sqlite_db)[post.id]
    assert (row.addressed_to_us, row.visibility, row.reply_mode) == (True, "direct", "api")
    assert row.instance == sim.base_url.removeprefix("http://")
    with sqlite_db.read() as session:
        assert session.get_one(Author, row.author_id).handle == "ada"


def test_edits_are_heard_and_bump_the_revision(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    source_id = listen_to(sqlite_db, kit, sim)
    post = publish(sim, "acme is fine")
    hear(sqlite_db, kit, source_id)
    sim.world.edit(post, "acme is NOT fine")
    assert hear(sqlite_db, kit, source_id).updated == 1
    row = stored(sqlite_db)[post.id]
    assert (row.text, row.revision) == ("acme is NOT fine", 2)


def test_a_boost_counts_on_the_original(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="#acmedown")
    post = publish(sim, "dark #acmedown", minutes=9)
    boost = publish(sim, "", by="eve", boost_of=post)
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert boost.id not in rows
    assert rows[post.id].reposts == 1


def test_a_post_dated_2099_does_not_blind(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    source_id = listen_to(sqlite_db, kit, sim, query="#acmedown")
    future = publish(sim, "dark #acmedown", dated=datetime(2099, 1, 1, tzinfo=UTC))
    hear(sqlite_db, kit, source_id)
    later = publish(sim, "darker #acmedown", minutes=0)
    hear(sqlite_db, kit, source_id)
    rows = stored(sqlite_db)
    assert rows[future.id].posted_at.year == 2099
    assert later.id in rows


def test_our_own_answer_given_on_the_platform_is_kept_apart(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim)
    post = publish(sim, "acme is down", minutes=5)
    assert sim.world.brand is not None
    answer = sim.world.publish(sim.world.brand, "@ada we are on it", parent=post)
    hear(sqlite_db, kit, source_id)
    with sqlite_db.read() as session:
        kept = session.scalars(select(OwnPost)).all()
    assert (answer.id, post.id) in [(row.external_id, row.parent_id) for row in kept]
    assert answer.id not in stored(sqlite_db)


@pytest.mark.parametrize("kind", ["duplicate_pages", "truncated", "not_json", "server_error"])
def test_after_any_fault_the_next_runs_miss_nothing(
    sqlite_db: Database, kit: Ground, sim: Simulator, kind: str
) -> None:
    source_id = listen_to(sqlite_db, kit, sim)
    posts = {publish(sim, f"acme is slow {number}", minutes=number + 1).id for number in range(90)}
    sim.faults.set(kind, times=1, path="search")
    first = collect.poll(sqlite_db, kit, source_id, force=True)
    assert (first.error is None) == (kind == "duplicate_pages")
    sim.faults.clear()
    hear(sqlite_db, kit, source_id)
    assert posts <= set(stored(sqlite_db))


def test_a_rate_limit_schedules_the_next_run_at_the_reset(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim)
    sim.faults.set("rate_limited", seconds=120)
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert outcome.error is not None
    with sqlite_db.read() as session:
        row = session.get_one(Source, source_id)
    assert row.not_before is not None
    assert timedelta(seconds=110) < row.not_before - now() < timedelta(seconds=130)
    assert row.errors == 0
    assert collect.poll(sqlite_db, kit, source_id, force=True).skipped is not None


def test_a_stall_ends_by_our_own_time_out(sqlite_db: Database, sim: Simulator) -> None:
    from listener.http import Http
    from tests.listener.rooms import ground

    kit = ground()
    object.__setattr__(kit, "http", Http(allow=["127.0.0.1:*"], timeout=(0.3, 0.3)))
    source_id = listen_to(sqlite_db, kit, sim)
    sim.faults.set("stall", seconds=2)
    outcome = collect.poll(sqlite_db, kit, source_id, force=True)
    assert outcome.error is not None
    assert "could not be reached" in outcome.error


def test_a_dead_token_needs_attention_and_a_new_one_goes_on(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    source_id = listen_to(sqlite_db, kit, sim, access_token="wrong-token")
    for _ in range(2):
        assert collect.poll(sqlite_db, kit, source_id, force=True).error is not None
    with sqlite_db.read() as session:
        row = session.get_one(Source, source_id)
        assert row.state == "attention"
        assert row.hint
        assert "wrong-token" not in f"{row.error} {row.hint}"
        account_id = row.account_id
    post = publish(sim, "acme is down")
    line = accounts.connect(sqlite_db, kit, account_id, {"access_token": sim.token})
    assert brand_handle(sim) in line
    hear(sqlite_db, kit, source_id)
    assert post.id in stored(sqlite_db)


def test_a_reply_stands_under_the_post_and_mentions_its_author(
    sqlite_db: Database, kit: Ground, sim: Simulator
) -> None:
    post = publish(sim, "acme is down", visibility="unlisted", by="bob")
    channel = opened(sim, kit)
    (heard,) = [found for found in channel.refresh([_post(post.id)]) if not isinstance(found, Gone)]
    assert channel.may_reply(heard).mode is ReplyMode.API
    sent = channel.reply(heard, "We are on it.", key="k1")
    again = channel.reply(heard, "We are on it.", key="k1")
    assert sent.id == again.id
    (reply,) = sim.world.replies_by_brand()
    assert (reply.text, reply.visibility) == ("@bob We are on it.", "unlisted")
    assert reply.parent is post
    assert sent.url is not None


def test_an_accepted_reply_without_a_clear_answer_is_found(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    since = now()
    sim.faults.set("accepted_then_503")
    with pytest.raises(HttpError) as raised:
        channel.reply(_post(post.id), "We are on it: https://acme.example.test/status", key="k2")
    assert raised.value.delivered
    assert (raised.value.status or 0) >= 500
    found = channel.find(
        Attempt(_post(post.id), "We are on it: https://acme.example.test/status", "k2", since)
    )
    assert isinstance(found, Sent)
    assert [found.id] == [reply.id for reply in sim.world.replies_by_brand()]


def test_find_does_not_take_another_answer_for_ours(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    assert sim.world.brand is not None
    sim.world.publish(sim.world.brand, "@ada thanks", parent=post)
    assert isinstance(channel.find(Attempt(_post(post.id), "We are on it.", "k3", now())), Absent)


def test_find_is_unsure_when_the_platform_cannot_be_read(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    sim.faults.set("server_error", times=5)
    assert isinstance(channel.find(Attempt(_post(post.id), "We are on it.", "k3", now())), Unsure)


def test_a_reply_to_a_deleted_post_says_so_and_posts_nothing(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    sim.world.delete(post)
    with pytest.raises(HttpError) as raised:
        channel.reply(_post(post.id), "We are on it.", key="k4")
    assert (raised.value.permanent, raised.value.status) == (True, 404)
    assert sim.world.replies_by_brand() == []
    assert [type(found) for found in channel.refresh([_post(post.id)])] == [Gone]


def test_a_reply_that_is_too_long_is_stopped_before_the_call(kit: Ground, sim: Simulator) -> None:
    post = publish(sim, "acme is down")
    channel = opened(sim, kit)
    limit = channel.limits().length
    assert limit is not None
    with pytest.raises(ChannelError, match="characters"):
        channel.reply(_post(post.id), "x" * limit, key="k5")
    assert sim.world.replies_by_brand() == []


def test_nobody_listening_is_a_connection_error_with_nothing_posted(kit: Ground, sim: Simulator) -> None:
    channel = opened(sim, kit)
    post = publish(sim, "acme is down")
    sim.stop()
    with pytest.raises(HttpError) as raised:
        channel.reply(_post(post.id), "We are on it.", key="k6")
    assert not raised.value.delivered


def test_test_says_as_whom_and_remembers_it(sqlite_db: Database, kit: Ground, sim: Simulator) -> None:
    listen_to(sqlite_db, kit, sim)
    assert f"@{brand_handle(sim)}" in sources.test(sqlite_db, kit, "social")
    with sqlite_db.read() as session:
        account = session.scalars(select(Account)).one()
    assert account.health == "ok"
    assert account.handle == f"@{brand_handle(sim)}"
    assert account.secrets is not None
    assert sim.token not in f"{account.secrets} {account.options} {account.identity}"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hello", 5),
        ("see https://example.test/a/very/long/path?with=query#and-fragment now", 4 + 23 + 4),
        ("@ada@far.example.test hi", 7),
        ("👩‍👩‍👧 שלום", 6),
        ("e\u0301te\u0301", 3),
    ],
)
def test_length_is_counted_as_the_instance_does(text: str, length: int) -> None:
    assert measure(text) == length


def _post(post_id: str) -> Post:
    told = {"acct": "ada", "visibility": "public"}
    return Post(post_id, "acme is down", now(), author=PostAuthor("1", "ada"), extra=told)
