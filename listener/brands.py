"""Brands and their queries: added, listed, parsed once. What a query means is `listener.query`'s business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from listener.db import Database
from listener.errors import ListenerError
from listener.models import Brand, BrandQuery
from listener.query import Query, parse
from listener.text import clean

NAME_LENGTH = 120


class BrandError(ListenerError):
    """A brand that does not exist or cannot be added; the text says what to do."""


def add(db: Database, name: str, *, query: str, own: bool = True) -> int:
    """Add a brand with its first query and return its id. Raises BrandError, or QueryError with the position."""
    name = clean(name).strip()
    if not name or len(name) > NAME_LENGTH:
        message = f"a brand's name has 1 to {NAME_LENGTH} characters"
        raise BrandError(message)
    parse(query)
    with db.work() as session:
        if session.scalar(select(Brand.id).where(Brand.name == name)) is not None:
            message = (
                f"the brand {name!r} is there already; choose another name, or change its query in the panel"
            )
            raise BrandError(message)
        brand = Brand(name=name, own=own)
        session.add(brand)
        session.flush()
        session.add(BrandQuery(brand_id=brand.id, text=query))
        return brand.id


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand as lists show it; `queries` are the active ones."""

    id: int
    name: str
    own: bool
    queries: list[str]
    neutral_words: list[str]


def list_(db: Database) -> list[BrandRow]:
    """Return all brands, by name."""
    with db.read() as session:
        queries: dict[int, list[str]] = {}
        active = select(BrandQuery).where(BrandQuery.active).order_by(BrandQuery.id)
        for query in session.scalars(active):
            queries.setdefault(query.brand_id, []).append(query.text)
        return [
            BrandRow(brand.id, brand.name, brand.own, queries.get(brand.id, []), list(brand.neutral_words))
            for brand in session.scalars(select(Brand).order_by(Brand.name))
        ]


def set_queries(db: Database, brand_id: int, queries: Sequence[str]) -> None:
    """Let a brand be found by these queries and no others; what was heard stays. Raises BrandError, QueryError.

    A query that is kept keeps its row, so that its hits stay its own.
    """
    wanted = list(dict.fromkeys(text.strip() for text in queries if text.strip()))
    if not wanted:
        message = "a brand needs at least one query"
        raise BrandError(message)
    for text in wanted:
        parse(text)
    with db.work() as session:
        known = session.scalars(select(BrandQuery).where(BrandQuery.brand_id == brand_id)).all()
        for row in known:
            row.active = row.text in wanted
        there = {row.text for row in known}
        session.add_all(BrandQuery(brand_id=brand_id, text=text) for text in wanted if text not in there)


def set_neutral_words(db: Database, name: str, words: Sequence[str]) -> list[str]:
    """Set the words of a brand's own name that are no opinion ("War Zone"); return them. Raises BrandError."""
    kept = list(dict.fromkeys(word for given in words if (word := clean(given).strip())))
    with db.work() as session:
        brand = session.get_one(Brand, named(session, name))
        brand.neutral_words = kept
    return kept


def named(session: Session, name: str) -> int:
    """Return the id of a brand (its name in any case). Raises BrandError that lists the known ones."""
    known = session.execute(select(Brand.id, Brand.name).order_by(Brand.name)).all()
    for row in known:
        if row.name == name:
            return int(row.id)
    for row in known:
        if row.name.casefold() == name.strip().casefold():
            return int(row.id)
    names = ", ".join(row.name for row in known) or "none yet"
    message = f"there is no brand {name!r} (known: {names}); `allears brand add {name!r} --query '…'` adds it"
    raise BrandError(message)


def queries_of(session: Session, brand_id: int) -> list[tuple[int, Query]]:
    """Return the active queries of a brand as (id, parsed query)."""
    rows = session.execute(
        select(BrandQuery.id, BrandQuery.text)
        .where(BrandQuery.brand_id == brand_id, BrandQuery.active)
        .order_by(BrandQuery.id)
    )
    return [(row.id, _parsed(row.text)) for row in rows]


@lru_cache(maxsize=512)
def _parsed(text: str) -> Query:
    return parse(text)
