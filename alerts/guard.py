"""Checks a public text before it goes out: length, gaps, private data, promises, foreign links, the five steps.

One check for the composer's counter and for the moment of sending; a script only shows its answer. It never changes a
text. A blocking problem stops the sending, the others are for the writer to weigh.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from alerts import playbook
from alerts.playbook import STEPS
from listener.channels.base import Limits

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# with a country code or a leading zero: shorter numbers are orders, prices, codes
_PHONE = re.compile(r"(?<![\w/.-])(?:\+\d|\(?0)(?:[\s().-]{0,2}\d){7,14}(?![\w/-])")
_DATE = re.compile(r"\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")
_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"']+", re.IGNORECASE)
_GAP = re.compile(r"\{\s*\w[^{}]*\}")
_SCRIPTS = (
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ar", re.compile("[\u0621-\u064a]")),
)
_LETTER = re.compile(r"[^\W\d_]")
_LANGUAGE_SHARE = 0.5  # of the letters, from which on a text counts as written in a script


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `text` is English; `code` and `values` let a page say it in its own language."""

    code: str
    text: str
    blocking: bool
    values: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The count in the channel's own unit, the problems, and which of the five steps the text covers."""

    count: int
    limit: int | None
    unit: str
    problems: tuple[Problem, ...]
    steps: tuple[str, ...]
    public: str = ""
    """What will be public, with what the platform wants in front of it."""

    @property
    def may_send(self) -> bool:
        """True when nothing blocks."""
        return not any(problem.blocking for problem in self.problems)


def check(text: str, *, limits: Limits, language: str | None = None, contact: str | None = None) -> Verdict:
    """Return what there is to say about a text that answers a customer writing in `language`."""
    text = text.strip()
    count = limits.measure(text)
    book = playbook.shipped(playbook.pick(language))
    problems = [
        *_length(text, count, limits),
        *_private(text, contact),
        *_promises(text, book.money),
        *_links(text, contact),
        *_language(text, language),
    ]
    return Verdict(count, limits.length, limits.unit, tuple(problems), covered(text, language))


def covered(text: str, language: str | None) -> tuple[str, ...]:
    """Return the steps of the protocol whose words occur in the text, in order."""
    folded = _folded(text)
    cues = playbook.shipped(playbook.pick(language)).cues
    return tuple(step for step in STEPS if any(cue in folded for cue in cues[step]))


def _length(text: str, count: int, limits: Limits) -> Iterator[Problem]:
    if not text:
        yield Problem("empty", "The reply is empty.", blocking=True)
        return
    if limits.length is not None and count > limits.length:
        over = count - limits.length
        yield Problem(
            "too_long", f"The reply is too long by {over}: {count} of at most {limits.length} {limits.unit}.",
            blocking=True, values=(("over", over), ("count", count), ("limit", limits.length)),
        )  # fmt: skip
    if count < limits.minimum:
        yield Problem(
            "too_short", f"The reply needs at least {limits.minimum} {limits.unit}.", blocking=True,
            values=(("minimum", limits.minimum),),
        )  # fmt: skip
    gap = _GAP.search(text)
    if gap is not None:
        yield Problem(
            "unfilled",
            f"Fill in {gap.group()} or take it out.",
            blocking=True,
            values=(("variable", gap.group()),),
        )


def _private(text: str, contact: str | None) -> Iterator[Problem]:
    ours = (contact or "").casefold()
    outside_links = _LINK.sub(" ", text)  # an order page's address is full of digits
    if any(_luhn(found.group()) for found in _DIGITS.finditer(outside_links)):
        yield Problem("card", "This looks like a card number; it must not be public.", blocking=True)
    if _IBAN.search(outside_links):
        yield Problem("iban", "This looks like a bank account number; it must not be public.", blocking=True)
    if any(found.group().casefold() not in ours for found in _MAIL.finditer(outside_links)):
        yield Problem(
            "mail",
            "An e-mail address will be public; make sure that it is not the customer's.",
            blocking=False,
        )
    plain = _DATE.sub(" ", _DIGITS.sub(" ", _IBAN.sub(" ", outside_links)))
    known = re.sub(r"\D", "", ours)
    if any(re.sub(r"\D", "", found.group()) not in known for found in _PHONE.finditer(plain)):
        yield Problem(
            "phone", "A phone number will be public; make sure that it is not the customer's.", blocking=False
        )


def _promises(text: str, words: tuple[str, ...]) -> Iterator[Problem]:
    folded = _folded(text)
    found = next((word for word in words if word in folded), None)
    if found is not None:
        yield Problem(
            "promise",
            f"“{found}” promises money or admits fault in public.",
            blocking=False,
            values=(("words", found),),
        )


def _links(text: str, contact: str | None) -> Iterator[Problem]:
    ours = _host(contact or "")
    for found in _LINK.finditer(text):
        host = _host(found.group())
        if not ours or not (host == ours or host.endswith("." + ours)):
            yield Problem(
                "link", f"The link to {host} does not lead to us.", blocking=False, values=(("host", host),)
            )
            return


def _language(text: str, language: str | None) -> Iterator[Problem]:
    """Compare scripts only: enough to notice English under a Hebrew post, and it is never wrong about French."""
    wanted = (language or "").partition("-")[0].lower()
    letters = len(_LETTER.findall(text))
    if not wanted or not letters:
        return
    script = next(
        (tag for tag, pattern in _SCRIPTS if len(pattern.findall(text)) > letters * _LANGUAGE_SHARE), "latin"
    )
    expected = wanted if wanted in {tag for tag, _ in _SCRIPTS} else "latin"
    if script != expected and wanted in {"en", "fr", "ru", "he", "de", "es", "it", "pt", "ar"}:
        yield Problem(
            "language", f"The customer wrote in another language ({wanted}).", blocking=False,
            values=(("language", wanted),),
        )  # fmt: skip


def _folded(text: str) -> str:
    return text.casefold().replace("\u2019", "'")  # phones type the curly apostrophe


def _host(address: str) -> str:
    try:
        host = urlsplit(address if "://" in address else f"https://{address}").hostname or ""
    except ValueError:
        return address
    return host.casefold().removeprefix("www.")


def _luhn(digits: str) -> bool:
    """Check the last digit of a card number (ISO/IEC 7812-1)."""
    numbers = [int(digit) for digit in digits if digit.isdigit()][::-1]
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return len(numbers) >= 13 and len(set(numbers)) > 1 and (sum(numbers[::2]) + sum(doubled)) % 10 == 0  # noqa: PLR2004
