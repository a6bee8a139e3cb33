"""Posts for measuring: invented, seeded, in four languages, of uneven length, with one in five said before."""

from __future__ import annotations

import csv
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

OPENINGS = (
    "Third day without an answer from {brand}.",
    "Honestly, {brand} got this one right.",
    "Does anybody know whether {brand} ships to the islands?",
    "{brand} charged my card twice for order {number}.",
    "Le colis de {brand} devait arriver il y a {number} jours.",
    "Merci {brand}, service rapide et agréable.",
    "Заказ {number} в {brand} так и не пришёл.",
    "Спасибо {brand}, всё починили за час.",
    "ההזמנה {number} מ{brand} עדיין לא הגיעה.",
    "תודה ל{brand} על שירות מצוין.",
    "The {brand} app logs me out every {number} minutes",
    "My {brand} account was opened by somebody else, order {number} is not mine!",
)
MORE = (
    "I wrote on Monday, on Wednesday and again today.",
    "The person on the phone was kind but could not help.",
    "Is there a way to talk to a human?",
    "Same for my neighbour, by the way.",
    "J'attends toujours une réponse.",
    "Что мне теперь делать?",
    "אשמח לתשובה מהירה.",
    "Otherwise I am happy with it.",
    "Photo below 📦",
)
COLUMNS = ("id", "text", "author", "url", "posted_at", "lang", "rating")


def text(chance: random.Random, brand: str = "Acme") -> str:
    """Make up one post."""
    said = [chance.choice(OPENINGS).format(brand=brand, number=chance.randrange(2, 99_999))]
    said += chance.sample(MORE, k=chance.choice((0, 0, 1, 1, 2, 4)))
    return " ".join(said)


def about(chance: random.Random, brand: str = "Acme") -> str:
    """Make up one post in which the brand is a word of its own, so that every search finds it."""
    while True:
        said = text(chance, brand)
        if re.search(rf"\b{brand}\b", said):
            return said


def write_csv(file: Path, rows: int, *, repeated: float = 0.2, seed: int = 11) -> int:
    """Write `rows` lines, a share of them with the id of an earlier one. Return how many different ids there are."""
    chance = random.Random(seed)
    start = datetime.now(UTC) - timedelta(days=5)
    different = 0
    with file.open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream)
        lines.writerow(COLUMNS)
        for _ in range(rows):
            again = different and chance.random() < repeated
            number = chance.randrange(different) if again else different
            different += not again
            same = random.Random(number)  # the same id says the same thing
            at = start + timedelta(seconds=number)
            author = f"person{same.randrange(5_000)}"
            lines.writerow(
                (
                    f"p{number}",
                    text(same),
                    author,
                    f"https://posts.example.test/{number}",
                    at.isoformat(),
                    "",
                    same.choice(("", "1", "5")),
                )
            )
    return different
