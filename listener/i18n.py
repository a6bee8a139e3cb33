"""The language of what we say: one locale per context (a request, a mail), shared by pages and worker mails.

A *domain* is the name of the room whose texts they are ("web", "alerts"); its catalogues lie in
`<room>/translations/<locale>/LC_MESSAGES/<room>.mo`. English is the source language and needs no catalogue.
Messages are %-format strings (`%(count)s`), a literal percent sign is `%%`. This file formats and translates;
it holds no text of its own and never looks at a person or a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, dates, negotiate_locale, numbers, units
from babel.messages.mofile import read_mo

Style = Literal["full", "long", "medium", "short"]
LOCALES = ("en", "fr", "ru", "he")
NAMES = {"en": "English", "fr": "Français", "ru": "Русский", "he": "עברית"}

_locale: ContextVar[str] = ContextVar("locale", default="en")


def known(locale: str | None) -> str:
    """Return the supported locale for a tag such as "fr-CA", English when there is none."""
    language = (locale or "").replace("_", "-").partition("-")[0].lower()
    language = {"iw": "he"}.get(language, language)  # the code Hebrew had before ISO 639 changed it
    return language if language in LOCALES else "en"


def negotiate(wanted: Sequence[str]) -> str:
    """Return the first supported of the wanted tags (an Accept-Language header, best first), else English."""
    return known(negotiate_locale([tag.replace("-", "_") for tag in wanted], LOCALES, sep="_"))


def current() -> str:
    """Return the locale of this context."""
    return _locale.get()


@contextmanager
def use(locale: str | None) -> Iterator[str]:
    """Speak this language inside the block; an unsupported one means English."""
    token = _locale.set(known(locale))
    try:
        yield _locale.get()
    finally:
        _locale.reset(token)


def direction(locale: str | None = None) -> Literal["ltr", "rtl"]:
    """Return the writing direction of the locale (of this context when None); any language, not only ours."""
    language = (locale or current()).replace("_", "-").partition("-")[0].lower()
    return "rtl" if language in {"he", "iw", "ar", "fa", "ur", "yi", "ps", "sd", "ug", "dv", "ckb"} else "ltr"


def _file(domain: str, locale: str) -> Path:
    spec = find_spec(domain)
    if spec is None or spec.origin is None:
        message = f"no package named {domain!r} holds translations"
        raise LookupError(message)
    return Path(spec.origin).parent / "translations" / locale / "LC_MESSAGES" / f"{domain}.mo"


@cache
def _catalogue(domain: str, locale: str) -> NullTranslations:
    file = _file(domain, locale)
    if not file.is_file():
        return NullTranslations()
    with file.open("rb") as stream:
        return GNUTranslations(stream)


def translations(domain: str) -> NullTranslations:
    """Return the domain's catalogue in the language of this context (gettext's own interface, unformatted)."""
    return _catalogue(domain, current())


def gettext_raw(domain: str, message: str) -> str:
    """Translate without filling in."""
    return translations(domain).gettext(message)


@cache
def messages(domain: str) -> list[str]:
    """Return the messages of a domain, without plural forms, as far as any language has them."""
    found: set[str] = set()
    for locale in LOCALES:
        file = _file(domain, locale)
        if file.is_file():
            with file.open("rb") as stream:
                found |= {one.id for one in read_mo(stream) if isinstance(one.id, str) and one.id}
    return sorted(found)


def gettext(domain: str, message: str, **values: object) -> str:
    """Translate and fill in."""
    return translations(domain).gettext(message) % values


def ngettext(domain: str, one: str, many: str, n: int, **values: object) -> str:
    """Translate the form for `n` and fill in; the message may use %(n)s, formatted for the language."""
    return translations(domain).ngettext(one, many, n) % {"n": format_number(n), **values}


def pgettext(domain: str, context: str, message: str, **values: object) -> str:
    """Translate a message whose meaning depends on `context` and fill in."""
    return translations(domain).pgettext(context, message) % values


def jinja_callables(domain: str) -> dict[str, Callable[..., str]]:
    """Return the keyword arguments for Jinja's `install_gettext_callables(newstyle=True, **…)`."""
    return {
        "gettext": lambda message: translations(domain).gettext(message),
        "ngettext": lambda one, many, n: translations(domain).ngettext(one, many, n),
        "pgettext": lambda context, message: translations(domain).pgettext(context, message),
        "npgettext": lambda context, one, many, n: translations(domain).npgettext(context, one, many, n),
    }


def zone_of(name: str | None) -> ZoneInfo:
    """Return the time zone of that IANA name, UTC when it is empty or unknown."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def format_date(day: date, style: Style = "medium") -> str:
    """Write a day: "Nov 24, 2026"."""
    return dates.format_date(day, style, locale=current())


def format_day(day: date) -> str:
    """Write a day shortly, with its weekday and without the year: "Tue, Nov 24"."""
    return dates.format_skeleton("MMMEd", day, locale=current())


def format_weekday(day: date) -> str:
    """Write the short name of a day of the week: "Tue"."""
    return dates.format_date(day, "EEE", locale=current())


def format_span(first: date, last: date) -> str:
    """Write a range of days, both included: "Nov 16-22, 2026" in the language's own form."""
    return str(dates.format_interval(first, last, "yMMMd", locale=current()))


@cache
def _parsed(tag: str) -> Locale:
    return Locale.parse(tag)


def format_datetime(at: datetime, zone: tzinfo, style: Style = "medium") -> str:
    """Write an aware instant as the clock of `zone` shows it."""
    return _datetime(at, zone, style, current())


@lru_cache(maxsize=4096)  # a list shows the same instants again at every look
def _datetime(at: datetime, zone: tzinfo, style: Style, tag: str) -> str:
    return dates.format_datetime(at, style, tzinfo=zone, locale=_parsed(tag))


def format_time(at: datetime, zone: tzinfo, style: Style = "short") -> str:
    """Write hours and minutes (medium: and seconds) of an aware instant in `zone`."""
    return dates.format_time(at, style, tzinfo=zone, locale=current())


def format_relative(at: datetime, now: datetime) -> str:
    """Write how long ago, or in how long: "2 hours ago"."""
    length = at - now
    return _relative(length.days * 86400 + length.seconds, current())


@lru_cache(maxsize=4096)
def _relative(seconds: int, tag: str) -> str:
    return dates.format_timedelta(seconds, add_direction=True, threshold=0.9, locale=_parsed(tag))


def format_duration(length: timedelta | float) -> str:
    """Write a length of time (seconds or timedelta) in its two largest units: "2 hr 15 min", "3 days"."""
    return _duration(int(length.total_seconds() if isinstance(length, timedelta) else length), current())


@lru_cache(maxsize=4096)
def _duration(seconds: int, tag: str) -> str:
    parts = []
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append((name, count))
        elif parts:
            break
    if len(parts) > 1 and parts[0][0] == "minute" and parts[0][1] >= 5:  # noqa: PLR2004 - seconds only matter below
        parts.pop()
    return " ".join(
        units.format_unit(count, f"duration-{name}", length="short", locale=_parsed(tag))
        for name, count in parts[:2] or [("second", 0)]
    )


def format_number(value: float) -> str:
    """Write a number with the language's separators."""
    return numbers.format_decimal(value, locale=current())


def format_money(amount: Decimal, currency: str) -> str:
    """Write an amount of money with its currency; parts of a cent are kept."""
    digits = max(2, -int(amount.normalize().as_tuple().exponent))
    pattern = "¤#,##0." + "0" * digits if current() == "en" else "#,##0." + "0" * digits + " ¤"
    return numbers.format_currency(amount, currency, pattern, locale=current(), currency_digits=False)


def format_percent(share: float) -> str:
    """Write a share between 0 and 1 in whole percent."""
    return numbers.format_percent(share, locale=current())


def language_name(tag: str) -> str:
    """Return the name of a language in the language of this context, the tag itself when it is unknown."""
    try:
        found = Locale.parse(tag.replace("-", "_")).get_display_name(current())
    except (ValueError, LookupError):
        return tag
    return found or tag
