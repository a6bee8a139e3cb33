"""Where a scenario can put a post, by the channel's name, and where the brand's answers to it are found again.

Every kind that the simulator speaks is one; references are texts that only the place itself understands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from listener.simulator.model import Article, Post
from listener.simulator.settings import Access, kind_of
from listener.simulator.world import World


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody says. `parent` and `repeats` are references that the same place gave out before."""

    by: str
    name: str
    text: str
    language: str
    at: datetime
    title: str = ""
    parent: str = ""
    repeats: str = ""
    visibility: str = "public"
    rating: int | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the brand said through the platform's API. `to`: the reference of the post that it answers."""

    id: str
    to: str
    text: str
    at: datetime


class Place(Protocol):
    """One platform of the simulator."""

    def put(self, world: World, line: Line) -> str:
        """Publish and return the reference of the post."""

    def answers(self, world: World) -> Iterator[Answer]:
        """Yield what the brand answered here, oldest first."""


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts, comments, reviews and mails: whatever the world holds as posts of a kind."""

    kind: str

    def put(self, world: World, line: Line) -> str:
        """Publish a post, or repeat one."""
        name, _, host = line.by.partition("@")
        account = world.add_account(name, line.name, host=host, language=line.language)
        parent, repeated = _status(world, line.parent), _status(world, line.repeats)
        made = world.publish(
            account, line.text, at=line.at, parent=parent, boost_of=repeated, language=line.language,
            visibility=line.visibility, platform=self.kind, title=line.title, rating=line.rating, place=line.place,
        )  # fmt: skip
        return made.id

    def answers(self, world: World) -> Iterator[Answer]:
        """Yield what was posted with the brand's token."""
        for post in world.replies_by_brand():
            if post.parent is not None and post.platform == self.kind:
                yield Answer(post.id, post.parent.id, post.text, post.heard_at)


class Press:
    """Articles of the feed; nobody can answer there."""

    def put(self, world: World, line: Line) -> str:
        """Print an article."""
        with world.lock:
            number = str(len(world.news) + 1)
            world.news.append(Article(number, line.title, line.text, line.name, line.at))
        return number

    def answers(self, world: World) -> Iterator[Answer]:
        """Yield nothing."""
        del world
        yield from ()


class HackerNews:
    """Stories and comments; there is no API for answers."""

    def put(self, world: World, line: Line) -> str:
        """Post a story, or a comment when there is a parent."""
        with world.lock:
            number = str(41_000_000 + len(world.hackernews))
            parent = next((one for one in world.hackernews if one.id == line.parent), None)
            story = "" if parent is None else parent.story_id or parent.id
            world.hackernews.append(
                Article(
                    number, line.title, line.text, line.by, line.at, parent_id=line.parent, story_id=story
                )
            )
        return number

    def answers(self, world: World) -> Iterator[Answer]:
        """Yield nothing."""
        del world
        yield from ()


def places() -> dict[str, Place]:
    """Return the places there are, by the channel's kind."""
    made: dict[str, Place] = {kind_of(name): Posts(kind_of(name)) for name in Access.names()}
    return made | {"feed": Press(), "hackernews": HackerNews()}


def _status(world: World, reference: str) -> Post | None:
    return world.post(reference) if reference else None
