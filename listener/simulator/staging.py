"""Putting a scenario into a world: accounts, posts in the order they were heard, articles, what changes later."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from listener.simulator.model import Account, Article, Post
from listener.simulator.pool import Pool
from listener.simulator.scenario import Script, ago
from listener.simulator.world import World

_SEED = 20
_BURST_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens to a post while the scenario runs: new words, or (None) it is deleted."""

    at: datetime
    post: Post
    text: str | None


def stage(world: World, script: Script, token: str) -> list[Change]:
    """Fill an empty world. Returns what is still to happen, soonest first."""
    dice = random.Random(_SEED)  # noqa: S311 - the same week each time
    brand = world.add_account(
        script.brand["handle"], script.brand["name"], note=script.brand["note"], followers=48210
    )
    world.brand, world.brand_name, world.brand_query = brand, script.brand["name"], script.brand["query"]
    world.tokens[token] = brand
    people = {
        key: world.add_account(
            key.partition("@")[0], one["name"], host=key.partition("@")[2], language=one["language"],
            followers=dice.randrange(3, 2500),
            bot=key.endswith("_bot"),
        )
        for key, one in script.people.items()
    }  # fmt: skip
    now = world.clock()
    changes = _posts(world, script, people, now)
    _articles(world, script, now)
    if script.burst:
        _burst(world, script.burst, now, dice)
    return sorted(changes, key=lambda change: change.at)


def _posts(world: World, script: Script, people: dict[str, Account], now: datetime) -> list[Change]:
    changes: list[Change] = []
    named: dict[str, Post] = {}
    for one in sorted(script.posts, key=lambda post: ago(post["ago"]), reverse=True):
        heard = now - ago(one["ago"])
        post = world.publish(
            people[one["by"]], one.get("text", ""), at=heard, parent=_earlier(named, one, "re"),
            dated=now + ago(one["dated"]) if "dated" in one else None, boost_of=_earlier(named, one, "boost"),
            language=one["language"], visibility=one.get("visibility", "public"), spoiler=one.get("spoiler", ""),
            platform=one.get("on", ""), title=one.get("title", ""), rating=one.get("rating"),
            place=one.get("place", ""),
        )  # fmt: skip
        post.favourites = one.get("likes", 0)
        if "id" in one:
            named[one["id"]] = post
        if "edit_after" in one:
            changes.append(Change(now + ago(one["edit_after"]), post, one["edit"]))
        elif "edit" in one:
            world.edit(post, one["edit"], at=min(now, heard + timedelta(minutes=7)))
        if "gone_after" in one:
            changes.append(Change(now + ago(one["gone_after"]), post, None))
        elif one.get("gone"):
            world.delete(post)
    return changes


def _earlier(named: dict[str, Post], one: dict[str, Any], key: str) -> Post | None:
    return named[one[key]] if key in one else None


def _articles(world: World, script: Script, now: datetime) -> None:
    for number, one in enumerate(script.news, start=1):
        world.news.append(
            Article(
                str(number),
                one["title"],
                one["text"],
                one.get("author", "Harbour Post"),
                now - ago(one["ago"]),
            )
        )
    ids = {one["id"]: str(41_000_000 + number) for number, one in enumerate(script.hackernews) if "id" in one}
    for number, one in enumerate(script.hackernews):
        world.hackernews.append(
            Article(
                str(41_000_000 + number), one.get("title", ""), one.get("text", ""), one["by"], now - ago(one["ago"]),
                one.get("url", ""), ids.get(one.get("re", ""), ""), ids.get(one.get("story", one.get("re", "")), ""),
                one.get("points", 0),
            )
        )  # fmt: skip


def _burst(world: World, count: int, now: datetime, dice: random.Random) -> None:
    pools = Pool.all()
    for number in range(count):
        pool = pools[number % len(pools)]
        username, name = dice.choice(pool.people)
        account = world.add_account(username, name, language=pool.language)
        at = now - timedelta(minutes=_BURST_MINUTES) * (1 - number / count)
        world.publish(account, pool.text(dice, outage=True), at=at, language=pool.language)
