"""The crowd: posts that keep arriving, customers who answer the brand, posts that are edited or deleted meanwhile.

`tick` does what is due; it is called by the simulator's thread, or by a test with its own clock.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from listener.simulator.model import Account, Post
from listener.simulator.pool import MOODS, Pool
from listener.simulator.staging import Change
from listener.simulator.world import World
from listener.simulator.world.state import MASTODON

_PAUSE = (10.0, 20.0)  # seconds between live posts at speed 1
_ANSWER = (8.0, 25.0)  # seconds until a customer answers
_MOOD_WEIGHTS = (6, 3, 2)
_ANSWERS = 0.7  # how many customers answer at all
_MOST_ANSWERS = 2  # of one customer in one thread
_OUTAGE = 0.4
_ELSEWHERE = 0.4
CALLED = frozenset({"mastodon", "x", "bluesky"})  # where somebody is called by @name
ONE_ANSWER = frozenset({"googleplay", "appstore"})  # where a customer does not go on after the answer
_LANGUAGE_WEIGHTS = {"en": 4, "fr": 2, "ru": 2, "he": 2}


@dataclass(order=True)
class _Due:
    at: datetime
    number: int
    to: Post = field(compare=False)


class Crowd:
    """Everybody but the brand."""

    def __init__(
        self,
        world: World,
        changes: list[Change],
        *,
        speed: float = 1.0,
        posts: bool = True,
        answers: bool = True,
        seed: int | None = None,
    ) -> None:
        self.world = world
        self.speed = speed
        self.posts = posts
        self._changes = list(changes)
        self._pools = {pool.language: pool for pool in Pool.all()}
        self._dice = random.Random(seed)  # noqa: S311 - variety, not secrets
        self._answers: list[_Due] = []
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._next = world.clock() + self._after(_PAUSE)
        if answers:
            world.on_post.append(self._heard)

    def tick(self) -> int:
        """Do everything that is due now. Returns how many things happened."""
        now, done = self.world.clock(), 0
        while self._changes and self._changes[0].at <= now:
            change = self._changes.pop(0)
            done += self._change(change)
        while (due := self._due(now)) is not None:
            done += self._answer(due)
        if self.posts and self._next <= now:
            self._post()
            self._next = now + self._after(_PAUSE)
            done += 1
        return done

    def _after(self, seconds: tuple[float, float]) -> timedelta:
        return timedelta(seconds=self._dice.uniform(*seconds) / self.speed)

    def _heard(self, post: Post) -> None:
        """Remember to answer when the brand has answered a customer through the API."""
        asked = post.parent
        if (
            not post.by_token
            or post.account is not self.world.brand
            or asked is None
            or asked.account is post.account
            or post.platform in ONE_ANSWER
        ):
            return
        earlier = [
            other
            for other in self.world.posts
            if other.account is asked.account and other.root is post.root and other.parent is not None
            and other.parent.account is post.account
        ]  # fmt: skip
        if len(earlier) < _MOST_ANSWERS and self._dice.random() < _ANSWERS:
            due = _Due(self.world.clock() + self._after(_ANSWER), next(self._numbers), post)
            with self._lock:
                heapq.heappush(self._answers, due)

    def _due(self, now: datetime) -> Post | None:
        with self._lock:
            return heapq.heappop(self._answers).to if self._answers and self._answers[0].at <= now else None

    def _answer(self, to: Post) -> int:
        asked, brand = to.parent, self.world.brand
        if asked is None or brand is None or to.deleted or asked.deleted:
            return 0
        pool = self._pools.get(asked.language or "en", self._pools["en"])
        mood = self._dice.choices(MOODS, _MOOD_WEIGHTS)[0]
        said = pool.answer(self._dice, mood)
        text = f"@{brand.username} {said}" if to.platform in CALLED else said
        self.world.publish(asked.account, text, parent=to, language=pool.language, visibility=to.visibility)
        return 1

    def _change(self, change: Change) -> int:
        if change.post.deleted:
            return 0
        if change.text is None:
            self.world.delete(change.post)
        else:
            self.world.edit(change.post, change.text)
        return 1

    def _post(self) -> None:
        languages = list(self._pools)
        weights = [_LANGUAGE_WEIGHTS.get(language, 1) for language in languages]
        pool = self._pools[self._dice.choices(languages, weights)[0]]
        author, platform = self._author(pool), self._platform()
        text = pool.text(self._dice, outage=self._dice.random() < _OUTAGE)
        brand = self.world.brand
        if brand is not None and platform not in CALLED:
            text = text.replace(f"@{brand.username}", self.world.brand_name)
        self.world.publish(author, text, language=pool.language, platform=platform)

    def _platform(self) -> str:
        """Return where the next post appears: mostly on Mastodon, else where the scenario has posts, but no reviews."""
        others = sorted(self.world.platforms() - ONE_ANSWER - {MASTODON})
        return self._dice.choice(others) if others and self._dice.random() < _ELSEWHERE else MASTODON

    def _author(self, pool: Pool) -> Account:
        username, name = self._dice.choice(pool.people)
        return self.world.add_account(username, name, language=pool.language)
