"""How long the inbox takes to answer with a hundred thousand mentions and five thousand alerts stored (SQLite)."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import insert

from alerts import people
from alerts.models import Alert, CaseMention
from benchmarks import Row
from benchmarks._home import home
from benchmarks._posts import text
from listener import brands
from listener.db import Database, now
from listener.models import Author, Mention
from sentiment.models import Score
from web import schema, sessions
from web.app import create_app
from web.composition import Context
from web.security import SESSION_COOKIE
from web.settings import Loaded, Settings

MENTIONS = 100_000
ALERTS = 5_000
AUTHORS = 20_000
REQUESTS = 60
GOAL = 50.0  # ms, at the median
PAGES = {
    "inbox page": "/inbox",
    "inbox page, filtered": "/inbox?level=2&channel=mastodon",
}


def rows() -> Iterator[Row]:
    """Fill a database, log in, ask for the inbox again and again."""
    with home() as place:
        context = Context(Loaded(home=place.folder, file=None, values=Settings()))
        db = context.db
        schema.upgrade(db)
        fill(db)
        person_id = people.add_person(db, "lead@example.test", "admin", "a long enough password", ())
        client = create_app(context).test_client()
        client.set_cookie(SESSION_COOKIE, sessions.begin(db, person_id))
        for name, address in PAGES.items():
            times = sorted(measure(client, address))
            median = statistics.median(times)
            yield Row(f"{name}, median", median, "ms", f"≤ {GOAL:.0f}", met=median <= GOAL)
            yield Row(f"{name}, 95 %", times[int(len(times) * 0.95)], "ms")
        size = Path(place.folder / "allears.db").stat().st_size / 1e6
        yield Row("database of that inbox", size, "MB")
        context.close()


def measure(client: FlaskClient, address: str) -> Iterator[float]:
    """Yield the milliseconds of each request, after a few to warm up."""
    for number in range(REQUESTS + 5):
        began = time.perf_counter()
        answer = client.get(address)
        spent = (time.perf_counter() - began) * 1000
        if answer.status_code != 200 or b"data-alert-id" not in answer.data:  # noqa: PLR2004 - HTTP
            message = f"{address} answered {answer.status_code} without an alert"
            raise AssertionError(message)
        if number >= 5:  # noqa: PLR2004 - templates are compiled by now
            yield spent


def fill(db: Database) -> None:
    """Store the mentions, and an alert for one in twenty of them, spread over two months."""
    chance = random.Random(5)
    brand_id = brands.add(db, "Acme", query="acme")
    end = now()
    _store(db, Author, [_author(number) for number in range(1, AUTHORS + 1)])
    mentions = [_mention(number, chance, end) for number in range(1, MENTIONS + 1)]
    _store(db, Mention, mentions)
    _store(db, Score, [_score(one, chance) for one in mentions])
    raised = mentions[:: MENTIONS // ALERTS]
    _store(db, Alert, [_alert(number, one, brand_id, chance) for number, one in enumerate(raised, 1)])
    _store(db, CaseMention, [{"mention_id": one["id"], "alert_id": n} for n, one in enumerate(raised, 1)])


def _store(db: Database, table: type[Any], found: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(found), 5_000):
        with db.work() as session:
            session.execute(insert(table), list(found[start : start + 5_000]))


def _author(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "channel": "mastodon",
        "instance": "social.example.test",
        "external_id": str(number),
        "handle": f"person{number}",
        "name": f"Person {number}",
    }


def _mention(number: int, chance: random.Random, end: datetime) -> dict[str, Any]:
    at = end - timedelta(seconds=(MENTIONS - number) * 52)
    return {
        "id": number,
        "channel": chance.choice(("mastodon", "feed", "hackernews")),
        "instance": "social.example.test",
        "external_id": str(number),
        "author_id": chance.randrange(1, AUTHORS + 1),
        "text": text(chance),
        "fingerprint": f"{number:064x}",
        "url": f"https://social.example.test/{number}",
        "thread_id": str(number),
        "posted_at": at,
        "collected_at": at,
        "stage": "triaged",
        "reply_mode": "api",
    }


def _score(mention: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Most mentions ask for nothing; a few are questions or praise, which have queues of their own."""
    category = chance.choices(
        ("other_none", "information_request", "praise", "delivery_delay"), (80, 8, 2, 10)
    )[0]
    return {
        "mention_id": mention["id"],
        "revision": 1,
        "model": "bench",
        "language": "en",
        "sentiment": "positive" if category == "praise" else chance.choice(("neutral", "negative")),
        "negative": 0.4,
        "neutral": 0.4,
        "positive": 0.2,
        "level": 0,
        "alert_score": 0.1,
        "levels": [0.7, 0.2, 0.1, 0.0],
        "category": category,
        "needs_reply": category != "other_none",
    }


def _alert(number: int, mention: dict[str, Any], brand_id: int, chance: random.Random) -> dict[str, Any]:
    at = mention["posted_at"]
    return {
        "id": number,
        "mention_id": mention["id"],
        "latest_mention_id": mention["id"],
        "brand_id": brand_id,
        "author_id": mention["author_id"],
        "channel": mention["channel"],
        "thread_key": f"social.example.test/{number}",
        "state": chance.choice(("open", "open", "answered", "closed")),
        "level": chance.choice((2, 2, 2, 3)),
        "sentiment": "negative",
        "category": chance.choice(("delivery_delay", "billing_payment", "fraud_security")),
        "language": "en",
        "author": f"person{mention['author_id']}",
        "text": mention["text"][:280],
        "url": mention["url"],
        "reply_mode": "api",
        "posted_at": at,
        "collected_at": at,
        "scored_at": at,
        "raised_at": at,
        "due_at": at + timedelta(hours=2),
        "changed": number,
    }
