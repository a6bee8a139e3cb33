"""Collecting: how fast one source is read and stored, whether fifty at once are served in time, and how much memory a
long walk takes. The platform is another process; what it costs is told apart.
"""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from benchmarks import Row
from benchmarks._home import home
from benchmarks._platform import FIREHOSE, platform
from benchmarks.demo import peak_memory
from listener import brands, collect, log, sources
from listener.db import Database, now
from listener.ground import Ground
from listener.http import Http
from listener.models import Mention, Source
from listener.queue import Job, Threads
from listener.settings import ListenerSettings, LogSettings
from listener.vault import Vault
from web import schema

SPEED = 500  # items a second of one core
ITEMS = {
    "mastodon": 2_000, "x": 2_000, "reddit": 900, "bluesky": 1_000, "googleplay": 1_000, "appstore": 1_000,
    "email": 500, "hackernews": 2_000, "feed": 1_000,
}  # fmt: skip
SOURCES = 50
OF_EACH = 20  # posts
INTERVAL = 60.0  # seconds: how often Mastodon is polled
SHORT, LONG = 10_000, 100_000
GROWTH = 20.0  # MB
PATIENCE = 180.0


def rows() -> Iterator[Row]:
    """Read each kind on one core, then fifty sources, then a long walk."""
    log.configure(LogSettings(level="error"))
    ours, theirs = _cores()
    for kind, count in ITEMS.items():
        yield from one_source(kind, count, ours, theirs)
    yield from fifty_sources()
    yield from long_walk()


def one_source(kind: str, count: int, ours: int | None, theirs: int | None) -> Iterator[Row]:
    """Read everything a source has, and again when there is nothing new."""
    with platform(kind, count, core=theirs) as there, room(*there.hosts) as (db, ground), pinned(ours):
        source_id = listen(db, ground, kind, "Acme", there.options)
        before, began, clock = there.used(), time.process_time(), time.perf_counter()
        stored = read_all(db, ground, source_id)
        ours_s, wall = time.process_time() - began, time.perf_counter() - clock
        theirs_s = there.used() - before
        if stored < count:  # the scenario itself has a few that name us
            raise AssertionError(f"{kind}: {count} posts, but {stored} were stored")
    rate = count / ours_s
    yield Row(f"collect {kind}: read and stored", rate, "items/s of a core", f"≥ {SPEED}", met=rate >= SPEED)
    yield Row(f"collect {kind}: by the wall's clock", count / wall, "items/s")
    yield Row(f"collect {kind}: the simulator's own", theirs_s / count * 1e6, "µs an item")


def fifty_sources() -> Iterator[Row]:
    """Poll fifty sources that are due at once on the product's own threads; then with two bad ones among them."""
    names = [f"Acme{number}" for number in range(SOURCES)]
    with (
        platform("mastodon", OF_EACH, *names) as there,
        socket.create_server(("127.0.0.1", 0)) as silent,  # takes connections, never says a word
        room(*there.hosts, dead := f"127.0.0.1:{silent.getsockname()[1]}") as (db, ground),
    ):
        for name in names:
            listen(db, ground, "mastodon", name, there.options)
        first = served(db, ground)
        goal = f"≤ {INTERVAL:.0f}"
        yield Row(f"collect: {SOURCES} due at once, last one served", first, "s", goal, met=first <= INTERVAL)
        yield Row("collect: the same with nothing new", served(db, ground), "s")
        bad = {"base_url": f"http://{dead}", "access_token": "none"}
        broken = there.options | {"access_token": "wrong"}
        ids = {
            listen(db, ground, "mastodon", "Acme0", options, name=name)
            for name, options in (("never answers", bad), ("refuses", broken))
        }
        beside = served(db, ground, bad=ids, release=silent.close)
        name = "collect: the same beside one that stalls and one that fails"
        yield Row(name, beside, "s", goal, met=beside <= INTERVAL)


def long_walk() -> Iterator[Row]:
    """Read ten thousand items in one process and a hundred thousand in another, and compare the peaks of memory."""
    peaks = {}
    for count in (SHORT, LONG):
        with platform(FIREHOSE, count) as there, home() as place:
            told = {
                "folder": str(place.folder),
                "hosts": there.hosts,
                "options": there.options,
                "count": count,
            }
            code = "import sys; from benchmarks.collect import walk; walk(sys.argv[1])"
            command = [sys.executable, "-c", code, json.dumps(told)]
            done = subprocess.run(command, env=place.environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stderr[-2000:])
            peaks[count], rate = (float(part) for part in done.stdout.split())
        if not math.isnan(peaks[count]):
            yield Row(f"collect: {count:,} items, peak memory", peaks[count], "MB")
    yield Row(f"collect: {LONG:,} items, read and stored", rate, "items/s of a core")
    more = peaks[LONG] - peaks[SHORT]
    if not math.isnan(more):  # /proc tells, elsewhere nobody does
        yield Row("collect: memory for ten times as many", more, "MB", f"≤ {GROWTH:.0f}", met=more <= GROWTH)


def walk(told: str) -> None:
    """Read a firehose to its end; print the peak of this process's memory in MB and the items a second of a core."""
    log.configure(LogSettings(level="error"))
    given = json.loads(told)
    with opened(Path(given["folder"]), *given["hosts"]) as (db, ground):
        source_id = listen(db, ground, "hackernews", "Acme", given["options"], days=30)
        began = time.process_time()
        stored = read_all(db, ground, source_id)
    if stored != given["count"]:
        raise AssertionError(f"{given['count']} items, but {stored} were stored")
    peak = peak_memory(os.getpid())  # what getrusage says starts with the peak of the process that started us
    print("nan" if peak is None else peak, stored / (time.process_time() - began))


def listen(
    db: Database,
    ground: Ground,
    kind: str,
    brand: str,
    options: Mapping[str, str],
    *,
    name: str = "",
    days: int = 7,
) -> int:
    """Add a source of a brand whose query is its name."""
    if all(one.name != brand for one in brands.list_(db)):
        brands.add(db, brand, query=brand.lower())
    settings = dict(options)
    if kind == "reddit":
        settings["subreddits"] = "all"
    return sources.add(
        db, ground, kind, name=name or f"{kind} {brand}", brand=brand, settings=settings,
        since=now() - timedelta(days=days),
    )  # fmt: skip


def read_all(db: Database, ground: Ground, source_id: int) -> int:
    """Poll until there is no more to read. Returns how many mentions are stored."""
    while True:
        outcome = collect.poll(db, ground, source_id, force=True)
        if outcome.error:
            raise RuntimeError(outcome.error)
        if not outcome.truncated:
            break
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Mention)) or 0


def served(
    db: Database, ground: Ground, *, bad: Collection[int] = (), release: Callable[[], None] = lambda: None
) -> float:
    """Make all sources due, poll them as `allears run` does, and return the seconds until the last good one was served.

    `bad`: sources that come first and are not waited for; `release` ends what they still wait for.
    """
    with db.work() as session:
        start = now()
        session.execute(update(Source).values(next_poll_at=start, not_before=None, last_ok_at=None))
        first = update(Source).where(Source.id.in_(bad))  # in front of all the others
        session.execute(first.values(next_poll_at=start - timedelta(seconds=1)))
    threads = Threads([Job("poll", lambda source_id: collect.poll(db, ground, source_id), reads=True)])
    threads.start()
    began = time.perf_counter()
    try:
        while time.perf_counter() - began < PATIENCE:
            for source_id in collect.due(db):
                threads.send("poll", source_id)
            with db.read() as session:
                left = select(func.count()).where(Source.last_ok_at.is_(None), Source.id.not_in(bad))
                if not session.scalar(left):
                    return time.perf_counter() - began
            time.sleep(0.2)
    finally:
        release()
        threads.stop()
    raise AssertionError(f"not all sources were served within {PATIENCE:.0f} s")


@contextmanager
def room(*hosts: str) -> Iterator[tuple[Database, Ground]]:
    """Give an empty installation that may ask these hosts."""
    with home() as place, opened(place.folder, *hosts) as made:
        yield made


@contextmanager
def opened(folder: Path, *hosts: str) -> Iterator[tuple[Database, Ground]]:
    """Open a database in a folder."""
    db = Database(f"sqlite:///{folder / 'allears.db'}")
    schema.upgrade(db)
    try:
        yield db, Ground(Http(allow=hosts), Vault.open(folder / "secret.key"), ListenerSettings())
    finally:
        db.dispose()


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this process on one core."""
    if core is None:
        yield
        return
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def _cores() -> tuple[int | None, int | None]:
    """Return a core for us and another one for the platform, where the system lets us choose."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]
