"""What is wrong with the answers to one post: needless, twice, forbidden words, nothing of what counts, language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Protocol

from listener.simulator.drill.language import other_than
from listener.simulator.drill.plan import WHYS, Truth


class _Given(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def at(self) -> timedelta: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """`code`: needless, twice, forbidden, lacking or language; `text` for people."""

    code: str
    text: str


def faults(truth: Truth, language: str, said: Sequence[timedelta], answers: Sequence[_Given]) -> list[Fault]:
    """Return the faults of the answers (oldest first) to a customer who wrote at the moments `said`."""
    return list(_found(truth, language, said, answers))


def _found(
    truth: Truth, language: str, said: Sequence[timedelta], answers: Sequence[_Given]
) -> Iterator[Fault]:
    if not answers:
        return
    if not truth.answer:
        yield Fault("needless", f"should not be answered: {WHYS[truth.why]}")
        return
    for before, answer in pairwise(answers):
        if not any(before.at < moment <= answer.at for moment in said):
            yield Fault("twice", "answered again although the customer had not written anything new")
    for rule in truth.never:
        if any(rule.met_by(answer.text, language) for answer in answers):
            yield Fault("forbidden", rule.about)
    others = sorted({other for answer in answers if (other := other_than(language, answer.text))})
    if others:
        yield Fault("language", f"answered in {', '.join(others)}, the customer wrote in {language}")
        return  # the words that count are only known in the customer's language
    everything = "\n".join(answer.text for answer in answers)
    for rule in truth.must:
        if not rule.met_by(everything, language):
            yield Fault("lacking", rule.about)
