"""Rows for `allears export` and the panel's downloads. Deleted posts appear without their text.

Cells of a CSV file that a spreadsheet would run as a formula get an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from alerts.models import Alert, Event
from listener.db import Database
from listener.models import Author, Brand, Hit, Mention, Source
from sentiment.models import Score
from sentiment.score import latest

CHUNK = 500
MENTION_COLUMNS = (
    "id", "external_id", "source", "channel", "brand", "author", "text", "url", "posted_at", "language", "stage",
    "sentiment.label", "sentiment.negative", "sentiment.neutral", "sentiment.positive",
    "urgency.level", "urgency.score", "urgency.levels", "category", "needs_reply",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def mentions(db: Database, brand_ids: frozenset[int] | None = None) -> Iterator[dict[str, Any]]:
    """Yield every mention (of the given brands; None = all), oldest first, in the shape of docs/interface."""
    after = 0
    while True:
        with db.read() as session:
            wanted = (
                select(Mention, Author.handle, Author.name)
                .outerjoin(Author, Author.id == Mention.author_id)
                .where(Mention.id > after)
                .order_by(Mention.id)
                .limit(CHUNK)
            )
            if brand_ids is not None:
                wanted = wanted.where(
                    Mention.id.in_(select(Hit.mention_id).where(Hit.brand_id.in_(brand_ids)))
                )
            rows = session.execute(wanted).all()
            if not rows:
                return
            ids = [row.Mention.id for row in rows]
            scores = latest(session, ids)
            heard: dict[int, tuple[str, str]] = {
                mention_id: (source, brand)
                for mention_id, source, brand in session.execute(
                    select(Hit.mention_id, Source.name, Brand.name)
                    .join(Source, Source.id == Hit.source_id)
                    .join(Brand, Brand.id == Hit.brand_id)
                    .where(Hit.mention_id.in_(ids))
                    .order_by(Hit.at.desc())
                )
            }
            made = []
            for row in rows:
                source, brand = heard.get(row.Mention.id, (None, None))
                made.append(
                    _mention(row.Mention, row.handle or row.name, source, brand, scores.get(row.Mention.id))
                )
        after = ids[-1]
        yield from made


def _mention(
    mention: Mention, author: str | None, source: str | None, brand: str | None, score: Score | None
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": mention.id,
        "external_id": mention.external_id,
        "source": source,
        "channel": mention.channel,
        "brand": brand,
        "author": author,
        "text": "" if mention.gone_at else mention.text,
        "url": mention.url,
        "posted_at": mention.posted_at.isoformat(),
        "language": score.language if score else mention.language,
        "stage": mention.stage,
    }
    if score:
        made |= {
            "sentiment": {
                "label": score.sentiment,
                "negative": score.negative,
                "neutral": score.neutral,
                "positive": score.positive,
            },
            "urgency": {"level": score.level, "score": score.alert_score, "levels": score.levels},
            "category": score.category,
            "needs_reply": score.needs_reply,
        }
    return made


def alerts(db: Database, brand_ids: frozenset[int] | None = None) -> Iterator[dict[str, Any]]:
    """Yield every alert with its times, oldest first."""
    columns = (
        "id", "state", "kind", "level", "sentiment", "category", "language", "channel", "author", "text", "url",
        "resolution", "posted_at", "collected_at", "scored_at", "raised_at", "due_at", "opened_at",
        "first_response_at", "answered_at", "closed_at",
    )  # fmt: skip
    after = 0
    while True:
        with db.read() as session:
            wanted = (
                select(Alert, Brand.name)
                .join(Brand, Brand.id == Alert.brand_id)
                .where(Alert.id > after)
                .order_by(Alert.id)
                .limit(CHUNK)
            )
            if brand_ids is not None:
                wanted = wanted.where(Alert.brand_id.in_(brand_ids))
            rows = session.execute(wanted).all()
        if not rows:
            return
        for row in rows:
            made = {name: getattr(row.Alert, name) for name in columns} | {"brand": row.name}
            yield {
                name: value.isoformat() if hasattr(value, "isoformat") else value
                for name, value in made.items()
            }
        after = rows[-1].Alert.id


def audit(db: Database) -> Iterator[dict[str, Any]]:
    """Yield every event, oldest first."""
    after = 0
    while True:
        with db.read() as session:
            rows = session.scalars(
                select(Event).where(Event.id > after).order_by(Event.id).limit(CHUNK)
            ).all()
        if not rows:
            return
        for row in rows:
            yield {
                "id": row.id,
                "at": row.at.isoformat(),
                "kind": row.kind,
                "person_id": row.person_id,
                "alert_id": row.alert_id,
                "mention_id": row.mention_id,
                "reply_id": row.reply_id,
                "data": row.data,
            }
        after = rows[-1].id


def as_jsonl(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield one JSON document per line."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def as_csv(rows: Iterator[dict[str, Any]], header: Sequence[str] | None = None) -> Iterator[str]:
    """Yield CSV lines with a byte-order mark, nested keys flattened as `urgency.level`.

    Give `header` where rows differ in keys, as unscored mentions do; else the first row names the columns.
    """
    names: Sequence[str] | None = header
    if names is not None:
        yield "\ufeff" + _line(names)
    for row in rows:
        flat = _flat(row)
        if names is None:
            names = list(flat)
            yield "\ufeff" + _line(names)
        yield _line([_cell(flat.get(name)) for name in names])


def _flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and prefix == "" and name != "data":
            made |= _flat(value, f"{name}.")
        else:
            made[prefix + name] = json.dumps(value) if isinstance(value, list | dict) else value
    return made


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _line(cells: Sequence[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
