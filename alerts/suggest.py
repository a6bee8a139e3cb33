"""Writes a suggested answer: the five-step protocol in the customer's language, from our own playbook only.

The mention's text is never read here, so it cannot steer the suggestion: language, category and level choose the
sentences, and the only values filled in are the brand's name and its own contact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from alerts import playbook
from alerts.errors import NotFound
from alerts.models import Suggestion
from alerts.playbook import STEPS, Book
from listener.db import now, upsert
from listener.models import Author, Brand, Mention
from sentiment.models import Score

CRITICAL = 3
PRIVATE_KINDS = frozenset({"mail", "message"})
# what a platform lets a reply have when the account has not told us; measured in characters, which is never less
# strict than the platform's own unit (a link counts 23 on X and Mastodon whatever its length)
LENGTHS = {
    "x": 280,
    "bluesky": 300,
    "mastodon": 500,
    "googleplay": 350,
    "googlebusiness": 2000,
    "instagram": 2200,
}
WITHOUT_APOLOGY = frozenset({"information_request", "praise", "other_none"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A text with the steps it covers and the playbook keys it was made from."""

    text: str
    language: str
    steps: tuple[str, ...]
    keys: tuple[str, ...]


def compose(
    book: Book,
    *,
    category: str,
    level: int,
    brand: str,
    contact: str | None = None,
    private: bool = False,
    length: int | None = None,
    measure: Callable[[str], int] = len,
) -> Draft:
    """Return the fullest answer that fits `length`; whole sentences only.

    Tried in order: all steps in full, then ever more of them in their short form (the last step first), then without
    the steps that can be left for the next message. If even the shortest does not fit, it is returned all the same:
    a person must shorten it, and the composer says by how much.
    """
    best: Draft | None = None
    values = {"brand": brand, **({"contact": contact} if contact else {})}
    for plan in _plans(_steps(category)):
        chosen: list[tuple[str, str, str]] = []
        for step, short in plan:
            found = book.find(
                step, _names(step, category, level, contact=bool(contact), private=private), short=short
            )
            if found is not None:
                chosen.append((step, *found))
        text = " ".join(playbook.fill(sentence, values) for _, _, sentence in chosen)
        draft = Draft(
            text, book.language, tuple(step for step, _, _ in chosen), tuple(key for _, key, _ in chosen)
        )
        if length is None or measure(text) <= length:
            return draft
        if best is None or measure(text) < measure(best.text):
            best = draft
    if best is None:  # pragma: no cover - every category has at least one plan
        raise LookupError(category)
    return best


def suggest(
    session: Session, mention_id: int, score: Score, brand: Brand, *, length: int | None = None,
    category: str | None = None, level: int | None = None,
) -> Suggestion:  # fmt: skip
    """Write or replace the suggestion for the mention's current revision and return it. Raises NotFound.

    `category` and `level` of the case the mention belongs to, where they say more than the mention's own score.
    """
    mention = session.get(Mention, mention_id)
    if mention is None:
        raise NotFound(f"there is no mention {mention_id}")
    author = session.get(Author, mention.author_id) if mention.author_id is not None else None
    in_front = (
        f"@{author.handle} " if author is not None and author.handle else ""
    )  # where a platform wants it
    draft = compose(
        playbook.book(session, score.language, brand.id),
        category=category or score.category,
        level=score.level if level is None else level,
        brand=brand.name,
        contact=brand.contact_url,
        private=mention.kind in PRIVATE_KINDS or mention.visibility == "direct",
        length=length if length is not None else LENGTHS.get(mention.channel),
        measure=lambda text: len(in_front) + len(text),
    )
    values = {
        "revision": mention.revision, "language": draft.language, "text": draft.text, "steps": list(draft.steps),
        "playbook": ",".join(key.partition(".")[2] for key in draft.keys)[:120], "created_at": now(),
    }  # fmt: skip
    statement = upsert(session, Suggestion).values(mention_id=mention_id, **values)
    statement = statement.on_conflict_do_update(index_elements=["mention_id"], set_=values)
    row: Suggestion = session.scalars(
        statement.returning(Suggestion), execution_options={"populate_existing": True}
    ).one()
    return row


def _steps(category: str) -> tuple[str, ...]:
    if category == "praise":
        return ("acknowledge", "follow_up")
    return tuple(step for step in STEPS if step != "apologise" or category not in WITHOUT_APOLOGY)


def _names(step: str, category: str, level: int, *, contact: bool, private: bool) -> list[str]:
    """Return the names to look for, most specific first."""
    critical = level >= CRITICAL
    if step == "offline":
        where = "private" if private else "contact" if contact else "message"
        return [f"{category}_{where}", where, "default"]
    names = [f"{category}_critical", category, "critical", "default"] if critical else [category, "default"]
    if step in {"apologise", "follow_up"} and critical:  # here the danger says more than the subject
        names = [f"{category}_critical", "critical", category, "default"]
    return names


def _plans(steps: tuple[str, ...]) -> Iterator[list[tuple[str, bool]]]:
    """Yield lists of (step, in short form), the fullest first."""
    for shortened in range(len(steps) + 1):
        yield [(step, index >= len(steps) - shortened) for index, step in enumerate(steps)]
    left = list(steps)
    for step in ("follow_up", "acknowledge", "solve"):
        if step in left and len(left) > 1:
            left.remove(step)
            yield [(each, True) for each in left]
