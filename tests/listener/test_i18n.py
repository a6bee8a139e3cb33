from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from listener import i18n

AT = datetime(2026, 11, 25, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("fr-CA", "fr"), ("ru_RU", "ru"), ("iw", "he"), ("HE", "he"), ("de", "en"), ("", "en"), (None, "en")],
)
def test_a_tag_becomes_a_supported_locale(tag: str | None, expected: str) -> None:
    assert i18n.known(tag) == expected


def test_the_first_supported_wish_wins() -> None:
    assert i18n.negotiate(["de", "he-IL", "fr"]) == "he"
    assert i18n.negotiate(["de"]) == "en"


def test_the_locale_belongs_to_its_block_and_thread() -> None:
    with i18n.use("he"):
        assert i18n.direction() == "rtl"
        with i18n.use("fr"):
            assert (i18n.current(), i18n.direction()) == ("fr", "ltr")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(i18n.current).result() == "en"
        assert i18n.current() == "he"
    assert i18n.current() == "en"


def test_direction_knows_languages_of_customers_too() -> None:
    assert [i18n.direction(tag) for tag in ("ar-EG", "fa", "en", "ru")] == ["rtl", "rtl", "ltr", "ltr"]


def test_translations_follow_the_context_and_their_numbers() -> None:
    def say(n: int) -> str:
        return i18n.ngettext("alerts", "%(n)s mention", "%(n)s mentions", n)

    with i18n.use("ru"):
        assert [say(n) for n in (1, 2, 5, 21)] == [
            "1 упоминание",
            "2 упоминания",
            "5 упоминаний",
            "21 упоминание",
        ]
    assert say(1200) == "1,200 mentions"


def test_a_domain_without_a_package_is_an_error_of_the_program() -> None:
    with i18n.use("fr"), pytest.raises(LookupError, match="no_such_room"):
        i18n.gettext("no_such_room", "x")


def test_a_message_without_translation_stays_english() -> None:
    with i18n.use("fr"):
        assert i18n.gettext("alerts", "not in any catalogue: %(what)s", what=3) == "not in any catalogue: 3"


def test_an_unknown_zone_is_utc() -> None:
    assert (
        i18n.zone_of("Mars/Base").key
        == i18n.zone_of(None).key
        == i18n.zone_of("../../etc/passwd").key
        == "UTC"
    )


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "0 sec"),
        (59, "59 sec"),
        (65, "1 min 5 sec"),
        (700, "11 min"),
        (8100, "2 hr 15 min"),
        (90061, "1 day 1 hr"),
    ],
)
def test_lengths_of_time_have_two_units_at_most(length: int, expected: str) -> None:
    assert i18n.format_duration(length) == i18n.format_duration(timedelta(seconds=length)) == expected


def test_the_clock_of_the_zone_is_shown() -> None:
    zone = i18n.zone_of("Asia/Jerusalem")
    with i18n.use("he"):
        assert i18n.format_time(AT, zone) == "8:05"
        assert i18n.format_datetime(AT, zone, "short") == "25.11.2026, 8:05"
    with i18n.use("fr"):
        assert i18n.format_date(date(2026, 11, 24)) == "24 nov. 2026"
        assert i18n.format_relative(AT - timedelta(hours=2), AT) == "il y a 2 heures"


def test_names_of_languages() -> None:
    with i18n.use("fr"):
        assert i18n.language_name("pt-BR") == "portugais (Brésil)"
        assert i18n.language_name("??") == "??"


@pytest.mark.parametrize(
    ("locale", "amount", "expected"),
    [
        ("en", "0.005", "$0.005"),
        ("en", "1234.5", "$1,234.50"),
        ("en", "3", "$3.00"),
        ("fr", "1234.5", "1\u202f234,50\xa0$US"),
        ("ru", "0.10", "0,10\xa0$"),
        ("he", "0.10", "0.10\xa0$"),
    ],
)
def test_money_keeps_parts_of_a_cent(locale: str, amount: str, expected: str) -> None:
    with i18n.use(locale):
        assert (
            i18n.format_money(Decimal(amount), "USD").replace(" ", "\xa0").strip("\u200f\u200e") == expected
        )
