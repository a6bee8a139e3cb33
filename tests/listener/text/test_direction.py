"""Which way a text runs."""

from __future__ import annotations

import pytest

from listener.text import direction


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", "ltr"),
        ("שלום", "rtl"),
        ("@acme_support ההזמנה שלי", "rtl"),
        ("https://acme.example.test/very/long/path תקלה", "rtl"),
        ("The word שלום means peace", "ltr"),
        ("طلبي تأخر iPhone", "rtl"),
        ("", "ltr"),
        ("12345 !!!", "ltr"),
        ("😀", "ltr"),
        ("#תקלה", "rtl"),
    ],
)
def test_most_letters_decide(text: str, expected: str) -> None:
    assert direction(text) == expected
