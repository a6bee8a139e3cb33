"""The sentences that suggestions are made of: shipped files per language, replaced row by row by edited entries.

A key is `<step>.<name>` or `<step>.<name>_short`; the name is a category, `critical` (any category at level 3),
`<category>_critical`, `private` (mails and direct messages) or `default`. Files: `playbooks/<language>.toml`.
This file looks sentences up; which ones make an answer is decided by `suggest`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from alerts import events
from alerts.errors import AlertsError
from alerts.models import Playbook
from listener.db import now, upsert

STEPS = ("acknowledge", "apologise", "solve", "offline", "follow_up")
VARIABLES = ("brand", "contact")
SHORT = "_short"
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Book:
    """All sentences of one language, edited ones already in place of the shipped."""

    language: str
    entries: Mapping[str, str]
    cues: Mapping[str, tuple[str, ...]]  # by step: words that show that a text covers it
    money: tuple[str, ...]  # words of a promise of money

    def find(self, step: str, names: Iterable[str], *, short: bool = False) -> tuple[str, str] | None:
        """Return (key, sentence) of the first name the book has; a missing short form falls back to the full one."""
        for name in names:
            key = f"{step}.{name}"
            for candidate in (key + SHORT, key) if short else (key,):
                if candidate in self.entries:
                    return candidate, self.entries[candidate]
        return None


def languages() -> list[str]:
    """Return the languages that have a shipped book."""
    files = resources.files("alerts") / "playbooks"
    return sorted(file.name.removesuffix(".toml") for file in files.iterdir() if file.name.endswith(".toml"))


def pick(language: str | None) -> str:
    """Return the language to answer in: the customer's, or English when there is no book for it."""
    short = (language or "").replace("_", "-").partition("-")[0].lower()
    short = {"iw": "he"}.get(short, short)
    return short if short in languages_set() else FALLBACK


@cache
def languages_set() -> frozenset[str]:
    """Return `languages()` as a set, read once."""
    return frozenset(languages())


@cache
def shipped(language: str) -> Book:
    """Read the shipped book of a language."""
    text = (resources.files("alerts") / "playbooks" / f"{language}.toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)
    entries = {
        f"{step}.{name}": " ".join(sentence.split())
        for step in STEPS
        for name, sentence in read.get(step, {}).items()
    }
    cues = {step: tuple(word.casefold() for word in read.get("cues", {}).get(step, ())) for step in STEPS}
    return Book(
        language, entries, cues, tuple(word.casefold() for word in read.get("money", {}).get("words", ()))
    )


def book(session: Session, language: str | None, brand_id: int | None = None) -> Book:
    """Return the book for a language with the entries edited for everybody and then those for this brand."""
    base = shipped(pick(language))
    rows = session.execute(
        select(Playbook.key, Playbook.text)
        .where(Playbook.locale == base.language)
        .where(Playbook.brand_id.is_(None) if brand_id is None else _for(brand_id))
        .order_by(Playbook.brand_id.is_not(None))
    ).all()
    if not rows:
        return base
    return Book(base.language, {**base.entries, **{row.key: row.text for row in rows}}, base.cues, base.money)


def save(
    session: Session, key: str, locale: str, text: str, *, person_id: int, brand_id: int | None = None,
    at: datetime | None = None,
) -> None:  # fmt: skip
    """Replace an entry's text; an empty text brings the shipped sentence back. Raises AlertsError."""
    step, _, name = key.partition(".")
    if step not in STEPS or not name:
        raise AlertsError(
            f"unknown playbook key {key!r}; it is <step>.<name> with a step of {', '.join(STEPS)}"
        )
    text = " ".join(text.split())
    unknown = sorted(set(variables(text)) - set(VARIABLES))
    if unknown:
        raise AlertsError(
            f"unknown variable {{{unknown[0]}}}; known: {', '.join(f'{{{name}}}' for name in VARIABLES)}"
        )
    same = (Playbook.key == key) & (Playbook.locale == locale)
    same &= Playbook.brand_id.is_(None) if brand_id is None else Playbook.brand_id == brand_id
    session.execute(
        delete(Playbook).where(same)
    )  # NULL is never in conflict with NULL, so no upsert by brand
    if text:
        row = {"key": key, "locale": locale, "brand_id": brand_id, "text": text, "person_id": person_id}
        session.execute(upsert(session, Playbook), [{**row, "edited_at": at or now()}])
    events.record(session, "playbook.edited", person_id=person_id, data={"key": key, "locale": locale}, at=at)


def variables(text: str) -> Iterator[str]:
    """Yield the names of the {variables} in a text."""
    rest = text
    while "{" in rest:
        rest = rest.partition("{")[2]
        name, closed, after = rest.partition("}")
        if closed and name.strip():
            yield name.strip()
            rest = after


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of {variables}, once: a value is never looked into again."""
    parts = []
    while True:
        before, opened, after = text.partition("{")
        parts.append(before)
        if not opened:
            return "".join(parts)
        name, closed, rest = after.partition("}")
        parts.append(values[name] if closed and name in values else opened + name + closed)
        text = rest


def _for(brand_id: int) -> ColumnElement[bool]:
    return Playbook.brand_id.is_(None) | (Playbook.brand_id == brand_id)
