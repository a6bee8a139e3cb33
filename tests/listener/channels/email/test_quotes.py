"""What a mail repeats is cut, what the customer says now stays: history and signatures as mail programs mark them."""

from __future__ import annotations

import pytest

from listener.channels.email.quotes import split, split_html

SAID = "The box is still dead."


@pytest.mark.parametrize(
    "history",
    [
        "On Mon, 2 Nov 2026 at 10:00, Help <help@acme.example.test> wrote:\n> Try again\n> please",
        "On Mon, Nov 2, 2026 at 10:00 AM Acme Help and Support Team <\nhelp@acme.example.test> wrote:\n\n> Try again",
        "Le lun. 2 nov. 2026 à 10:00, Help <help@acme.example.test> a écrit :\n> Essayez encore",
        "пн, 2 нояб. 2026, 10:00, Help <help@acme.example.test> написал:\n> Попробуйте ещё раз",
        "ב-2 בנוב 2026, 10:00, Help <help@acme.example.test> כתב:\n> נסו שוב",
        "Am 02.11.2026 um 10:00 schrieb Help <help@acme.example.test>:\n> Noch einmal",
        "On Mon, 2 Nov 2026 at 10:00, help@acme.example.test wrote:\n\nTry again\nplease",
        "-----Original Message-----\nFrom: Help\nSent: Monday\nSubject: Re: Broken\n\nTry again",
        "________________________________\nFrom: Help <help@acme.example.test>\nSent: Monday\n\nTry again",
        "From: Help <help@acme.example.test>\nSent: Monday, November 2\nTo: Ada\n\nTry again",
        "De : Help <help@acme.example.test>\nEnvoyé : lundi 2 novembre\nÀ : Ada\n\nEssayez",
        "> Try again\n> please",
    ],
)
def test_history_is_cut_and_kept(history: str) -> None:
    parts = split(f"{SAID}\n\n{history}\n")
    assert parts.text == SAID
    assert parts.quoted.split()[-1] == history.rsplit(maxsplit=1)[-1]


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAda Ray\nExample Ltd",
        "--\nAda",
        "Sent from my iPhone",
        "Envoyé de mon iPhone",
        "Get Outlook for Android",
    ],
)
def test_signatures_are_cut_and_kept(signature: str) -> None:
    parts = split(f"{SAID}\n\n{signature}")
    assert (parts.text, parts.signature) == (SAID, signature)


def test_answers_between_quoted_lines_stay() -> None:
    parts = split("> Did you restart it?\nYes, twice.\n> Is the light red?\nNo, it is dead.")
    assert parts.text == "Yes, twice.\nNo, it is dead."
    assert "restart" in parts.quoted


@pytest.mark.parametrize(
    "text",
    [
        "---------- Forwarded message ---------\nFrom: Bob <bob@example.test>\nDate: Monday\n\nThe box burns!",
        "> The box burns!",
        "-- \nonly a signature",
    ],
)
def test_a_mail_that_only_passes_something_on_is_kept_whole(text: str) -> None:
    assert split(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "On 3 November your agent wrote:\nwe will refund you\nand nothing came!",
        "I paid 5 < 10 and you wrote: nothing.\nWhere is my box?",
        "From: the box in the cellar I hear a noise.\nIt smokes.",
        "Prices - see below -- are wrong",
    ],
)
def test_what_only_looks_like_history_stays(text: str) -> None:
    assert split(text).text == text


def test_html_history_is_found_by_the_marks_of_mail_programs() -> None:
    said, quoted = split_html(
        f'<p>{SAID}</p><div class="gmail_quote">On Monday<blockquote>Try</blockquote></div>'
    )
    assert said == f"<p>{SAID}</p>"
    assert "Try" in quoted
    assert split_html('<p>x</p><div id="divRplyFwdMsg">y</div>')[0] == "<p>x</p>"
    assert split_html("<blockquote>my own</blockquote>")[1] == ""


def test_hostile_text_does_not_take_long() -> None:
    import time

    began = time.monotonic()
    for text in (
        "On 1 @ <" * 20_000,
        ("On 1 @ <" + "x" * 290 + "\n") * 1000,
        "From: \n" * 20_000,
        "> " * 50_000,
    ):
        split(text)
    assert time.monotonic() - began < 30
