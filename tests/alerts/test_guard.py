"""The one check of a public text: what blocks it and what its writer should weigh."""

from __future__ import annotations

import pytest

from alerts import guard
from listener.channels.base import Limits

LIMITS = Limits(length=40, unit="characters", minimum=2)


def codes(text: str, **options: object) -> list[str]:
    options = {"limits": Limits(length=500), "language": "en", **options}
    return [problem.code for problem in guard.check(text, **options).problems]  # type: ignore[arg-type]


def test_the_count_is_the_channels_own() -> None:
    weighted = Limits(length=10, unit="weighted", measure=lambda text: 2 * len(text))
    verdict = guard.check("  abcdef ", limits=weighted)
    assert (verdict.count, verdict.limit, verdict.unit, verdict.may_send) == (12, 10, "weighted", False)
    assert verdict.problems[0].text == "The reply is too long by 2: 12 of at most 10 weighted."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["empty"]),
        ("   \n", ["empty"]),
        ("x", ["too_short"]),
        ("x" * 40, []),
        ("x" * 41, ["too_long"]),
        ("Dear {name}, hello", ["unfilled"]),
        ("a set like {} is fine", []),
    ],
)
def test_length_and_gaps_block(text: str, found: list[str]) -> None:
    verdict = guard.check(text, limits=LIMITS)
    assert [problem.code for problem in verdict.problems] == found
    assert verdict.may_send is (found == [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Your card 4111 1111 1111 1111 works again", ["card"]),
        ("Your order 4111 1111 1111 1112 is on its way", []),
        ("We pay to DE89 3704 0044 0532 0130 00 today", ["iban"]),
        ("We wrote to jane.doe@mail.example.test", ["mail"]),
        ("Call us at +33 6 12 34 56 78 please", ["phone"]),
        ("Your parcel of 24.11.2026 at 14:05 is there", []),
        ("Order 123456 is ready", []),
        ("See https://acme.example.test/order/123456789012", []),
        ("Write to care@acme.example.test", []),
        ("See https://evil.example.com/x", ["link"]),
        ("See https://acme.example.test.evil.example.com/x", ["link"]),
        ("We will give you a full refund", ["promise"]),
        ("Sorry, that was our fault", ["promise"]),
        ("We\u2019ll pay for it", ["promise"]),
    ],
)
def test_private_data_promises_and_links_are_seen(text: str, found: list[str]) -> None:
    assert codes(text, contact="https://acme.example.test/help care@acme.example.test") == found


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Thank you!", "he", ["language"]),
        ("תודה רבה", "he", []),
        ("Спасибо!", "ru", []),
        ("Спасибо!", "fr", ["language"]),
        ("Merci !", "fr", []),
        ("שלום Acme תודה רבה", "he-IL", []),
        ("Thank you!", "ja", []),
        ("Thank you!", None, []),
        ("👍", "he", []),
    ],
)
def test_another_script_than_the_customers_is_seen(text: str, language: str | None, found: list[str]) -> None:
    assert codes(text, language=language) == found


def test_it_says_which_steps_a_text_covers() -> None:
    assert guard.covered("Sorry! Please send us a private message.", "en") == ("apologise", "offline")
    assert guard.covered("Merci. Nous vérifions et reviendrons vers vous.", "fr") == (
        "acknowledge", "solve", "follow_up",
    )  # fmt: skip
    assert guard.covered("No.", "en") == ()


def test_what_it_blocks_and_what_it_only_says() -> None:
    blocking = guard.check("Your card 4111 1111 1111 1111", limits=Limits(length=500))
    warning = guard.check("We will refund you", limits=Limits(length=500), language="en")
    assert (blocking.may_send, warning.may_send) == (False, True)
