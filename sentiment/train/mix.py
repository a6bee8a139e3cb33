"""The recipe's menu: which sets, how many rows of each, how often, and how much a label weighs.

480 thousand rows cannot all be seen in two hours on two cores, so channels and languages are
balanced by caps. Draws are by hash of the row's id: the same recipe always sees the same rows.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment import data
from sentiment.errors import DataError
from sentiment.train import weak

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sentiment.data import Row

CAPS = {
    "airline_tweets": 4000, "app_review_intent": 1000, "arabic_reviews": 2500,
    "arsarcasm_v2": 3000, "banking77": 2500, "complaints_twitter": 1800,
    "cuba_hotels_es": 2000, "germeval17_db": 2000, "goemotions_reddit": 2000,
    "google_play_stars": 2500, "hebemo_news_comments": 3000, "hebrew_fb": 3000,
    "ijcnlp17_feedback": 2000, "mabsa_reviews": 3500, "reclameaqui_pt": 500,
    "rusentiment_vk": 4000, "rusentitweet": 4000, "sanders_brand_tweets": 1200,
    "sentipolc16": 3500, "sms_spam": 400, "sxsw_brand_tweets": 1200,
    "tweeteval_sentiment": 6000,
    **{f"umsab_{lang}": 2000 for lang in ("ar", "de", "en", "es", "fr", "hi", "it", "pt")},
}  # fmt: skip
"""Rows that the quick recipe takes of each set; a set that is not named here is left out."""
NOISE = frozenset({"umsab_hi"})
"""Sets whose labels say nothing: a linear model learns them to 35 % macro-F1, cross-validated, where chance is 33
(53-60 for Portuguese). Only their texts are read."""
UNLABELLED = (
    "bitext_support", "crisislex_t26", "tickets_synthetic_multi", "trecis2018_priority",
    "tweeteval_emotion", "tweeteval_irony", "tweeteval_offensive",
)  # fmt: skip
"""Sets whose labels are not ours: the full recipe reads their texts, as its teachers label them."""


@dataclass(frozen=True, slots=True)
class Menu:
    """How many rows of a set a recipe takes, and how often it reads them."""

    caps: Mapping[str, int]
    urgency: int
    """Passes over the mentions that people labelled for urgency."""
    written: int
    """Passes over the texts written for this product."""
    tweets: int
    """Passes over the UMSAB tweets."""

    def passes(self, name: str) -> int:
        """How often a row of this set is read."""
        return self.tweets if name.startswith("umsab_") else 1


QUICK = Menu(CAPS, urgency=6, written=2, tweets=2)
FULL = Menu(dict.fromkeys((*CAPS, *UNLABELLED), 24_000), urgency=14, written=8, tweets=7)
TOKENS = {"urgency": 256, "written": 256}
"""Longest text in tokens, per set; what is longer is cut in training."""
DEFAULT_TOKENS = 96
NO_SCRIPT = frozenset({"ja", "zh", "ko", "th"})
WEAK_WEIGHT = 0.15
WEAK_CATEGORY_WEIGHT = 0.3
DOUBT_WEIGHT = 0.6
"""Weight of a row whose reader was in doubt."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A row as training sees it."""

    row: Row
    passes: int
    tokens: int
    urgency_weight: float
    category_weight: float


def draw(rows: list[Row], count: int) -> list[Row]:
    """Take ``count`` rows, chosen by hash of the id."""
    return sorted(rows, key=lambda row: zlib.crc32(f"draw-{row.id}".encode()))[:count]


def usable(row: Row) -> bool:
    """True for rows outside the held-out tenth, in a script that the vocabulary has."""
    return row.lang not in NO_SCRIPT and not data.held_out(row.id)


WRITTEN = Path(__file__).parent.parent / "written.json"
"""Labelled texts of our own, for what real mentions hardly hold: see the model card."""


def compose(folder: Path, *, leave_out: Collection[str] = (), menu: Menu = QUICK) -> list[Sample]:
    """Read all sets and return the samples of one run.

    Raises DataError for a name in ``leave_out`` that is no set, or when a set cannot be read.
    """
    names = data.set_names(folder)
    unknown = set(leave_out) - set(names) - {"urgency", "written"}
    if unknown:
        raise DataError(
            f"--leave-out: no set named {', '.join(sorted(unknown))}; there are {', '.join(names)}."
        )
    unseen = {data.fingerprint(row.text) for row in data.read_urgency(folder, "dev")}
    samples: list[Sample] = []
    known: dict[str, int] = {}
    for name in names:
        if name in leave_out or name not in menu.caps:
            continue
        rows = data.read_set(folder, name, "train")
        for row in rows:
            if row.sentiment is not None:
                known[data.fingerprint(row.text)] = row.sentiment
        rows = [row for row in data.without(rows, unseen) if usable(row)]
        for row in draw(rows, menu.caps[name]):
            if name in NOISE:
                row.sentiment = None
            weak.apply(row)
            samples.append(Sample(row, menu.passes(name), DEFAULT_TOKENS, WEAK_WEIGHT, WEAK_CATEGORY_WEIGHT))
    if "written" not in leave_out:
        rows = data.without(data.read_labelled(WRITTEN), unseen)
        samples += [Sample(row, menu.written, TOKENS["written"], 1.0, 1.0) for row in rows]
    if "urgency" not in leave_out:
        samples += _by_people(folder, known, leave_out, menu)
    return samples


def _by_people(
    folder: Path, known: Mapping[str, int], leave_out: Collection[str], menu: Menu
) -> Iterator[Sample]:
    for row in data.read_urgency(folder, "train"):
        if row.source in leave_out:
            continue
        mood = known.get(data.fingerprint(row.text))
        weight = 1.0 if row.sure else DOUBT_WEIGHT
        read = replace(row, sentiment=mood)
        yield Sample(read, menu.urgency, TOKENS["urgency"], weight, weight)
