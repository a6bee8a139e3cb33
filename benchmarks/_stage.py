"""The stage of `faults` and `soak`: a way into a simulated platform, a source listening there, a fresh database."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet

import web.models  # noqa: F401 - registers every table
from listener import brands, collect, sources, tokens
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from listener.models import Source
from listener.settings import ListenerSettings
from listener.simulator import Simulator
from listener.simulator.model import Post
from listener.simulator.places import Line, places
from listener.simulator.settings import kind_of
from listener.vault import Vault
from web import schema

POSTS, PAGE, CUSTOMERS = 60, 20, 20
TIMEOUT = 1.0  # seconds of silence after which a request is given up; a stall lasts longer
GONE = "post_deleted"  # not at the call that publishes but before it
PAGED = ("duplicate_pages", "looping_cursor")


@dataclass(frozen=True, slots=True)
class Way:
    """One way into a platform: where its listings are, which request of theirs fails first, where it is answered."""

    name: str
    listing: str
    answering: str = ""
    without: tuple[str, ...] = ()  # faults that the platform cannot have
    unsaid: tuple[str, ...] = ()  # and those that it cannot have where it is answered
    first: int = 1
    posts: int = POSTS


WAYS = (
    Way("mastodon", "/api/v1/notifications", "/api/v1/statuses?"),
    Way("x", "/x/2/users/", "/x/2/tweets?", first=2),
    Way("reddit", "/reddit/search", "/reddit/api/comment"),
    Way("reddit-rss", "/reddit/search.rss", without=("unauthorized",)),
    Way("bluesky", "listNotifications", "createRecord"),
    Way("googleplay", "/play/androidpublisher", ":reply"),
    Way("googleplay-page", "/batchexecute", without=("unauthorized",)),
    Way("appstore", "/customerReviews", "/customerReviewResponses"),
    Way("appstore-feed", "/appstore/us/", without=("unauthorized",)),
    Way("email", "/mail/imap/uid fetch", "/mail/smtp/", ("not_json", "deleted_author"), ("truncated", GONE)),
    # its reader pages by time, so that there are no places to go wrong
    Way("hackernews", "/hn/", without=("unauthorized", "deleted_author", *PAGED), posts=230),
    Way("feed", "/feeds/", without=("unauthorized", "deleted_author", *PAGED), first=0),
)


@dataclass(slots=True)
class Stage:
    """A simulator with a source that listens to it."""

    db: Database
    kit: Ground
    sim: Simulator
    way: Way
    source_id: int
    at: datetime

    @property
    def kind(self) -> str:
        """The channel."""
        return kind_of(self.way.name)

    def say(self, count: int) -> None:
        """Let customers write."""
        place, at = places()[self.kind], self.sim.world.clock()
        for number in range(count):
            who = f"customer{number % CUSTOMERS}"
            text = f"@tolvane my tolvane box is dead, case {number}"
            when = at - timedelta(minutes=5, seconds=count - number)
            place.put(
                self.sim.world, Line(who, who.title(), text, "en", when, title=f"tolvane case {number}")
            )

    def readable(self) -> set[str]:
        """Return the words of what the platform still shows of it."""
        world = self.sim.world
        with world.lock:
            told = [one.text for one in [*world.news, *world.hackernews]]
            told += [one.text for one in world.on(self.kind)]
        return {text for text in told if "my tolvane box is dead" in text}

    def public(self) -> list[Post]:
        """Return our answers that are public."""
        world = self.sim.world
        with world.lock:
            return [post for post in world.on(self.kind) if post.by_token and post.account is world.brand]

    def poll(self) -> tuple[str, bool]:
        """Poll once. Returns its error and whether there is more to read; "held off" when it was not the time."""
        outcome = collect.poll(self.db, self.kit, self.source_id, force=True, at=self.at)
        return outcome.skipped or outcome.error or "", outcome.truncated

    def due(self) -> datetime:
        """Return when the next poll is allowed."""
        with self.db.read() as session:
            planned = session.get_one(Source, self.source_id).next_poll_at
        return max(planned or self.at, self.at) + timedelta(seconds=1)


@contextmanager
def stage(way: Way) -> Iterator[Stage]:
    """Set a stage, and clear it away."""
    tokens.forget_all()  # another simulator may have had this one's address
    http = Http(allow=["127.0.0.1:*"], timeout=(TIMEOUT, TIMEOUT))
    kit = Ground(http, Vault([Fernet.generate_key()]), ListenerSettings())
    with (
        tempfile.TemporaryDirectory(prefix="allears-faults-") as folder,
        Simulator("quiet", live=False, mail=(0, 0) if way.name == "email" else None) as sim,
    ):
        shutil.copy(_empty(), f"{folder}/allears.db")
        db = Database(f"sqlite:///{folder}/allears.db")
        if way.posts == POSTS:
            sim.world.page_most = PAGE
        brands.add(db, "Tolvane", query="tolvane")
        source_id = sources.add(
            db, kit, kind_of(way.name), name="here", brand="Tolvane", settings=sim.access.of(way.name)
        )
        yield Stage(db, kit, sim, way, source_id, now())
        db.dispose()


@cache
def _empty() -> Path:
    """Return a migrated database without rows."""
    folder = Path(tempfile.mkdtemp(prefix="allears-faults-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    db = Database(f"sqlite:///{folder}/empty.db")
    schema.upgrade(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.dispose()
    return folder / "empty.db"
