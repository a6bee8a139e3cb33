"""What must not change a verdict, and what must: pairs written for this product."""

from __future__ import annotations

import pytest

from sentiment.reader import Reader

COMPLAINTS = [
    "The delivery is two weeks late and support ignores my mails.",
    "La livraison a deux semaines de retard et le support ignore mes messages.",
    "Доставка опаздывает на две недели, поддержка не отвечает на письма.",
    "המשלוח מאחר בשבועיים והתמיכה מתעלמת מהמיילים שלי.",
    "Die Lieferung ist zwei Wochen zu spät und der Support ignoriert meine Mails.",
]
NEUTRAL = ["I live in Haifa.", "It is Tuesday today.", "The box is blue."]


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_neutral_sentence_does_not_flip_a_complaint(reader: Reader, text: str) -> None:
    found = reader.read([text, *(f"{text} {more}" for more in NEUTRAL)], reasons=False)
    assert {reading.sentiment.label for reading in found} == {"negative"}
    assert {reading.needs_reply for reading in found} == {True}


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("The new update is good.", "The new update is not good."),
        ("I would recommend this shop.", "I would not recommend this shop."),
        ("Je suis content du service.", "Je ne suis pas content du service."),
        ("Мне нравится это приложение.", "Мне не нравится это приложение."),
        ("אני מרוצה מהשירות.", "אני לא מרוצה מהשירות."),
        ("Ich bin mit dem Service zufrieden.", "Ich bin mit dem Service nicht zufrieden."),
    ],
)
def test_not_flips_a_verdict(reader: Reader, good: str, bad: str) -> None:
    liked, disliked = reader.read([good, bad], reasons=False)
    assert liked.sentiment.label == "positive"
    assert disliked.sentiment.label == "negative"


@pytest.mark.parametrize("text", COMPLAINTS)
def test_capitals_and_marks_do_not_make_it_positive_or_calm(reader: Reader, text: str) -> None:
    plain, loud = reader.read([text, f"{text.upper()}!!!"], reasons=False)
    assert loud.sentiment.label == plain.sentiment.label == "negative"
    assert loud.urgency.level >= 1


def test_the_bare_word_urgent_raises_nothing(reader: Reader) -> None:
    praise, question = reader.read(
        ["urgent love for this song", "Not urgent: which colours does the bag come in?"], reasons=False
    )
    assert praise.urgency.level == 0
    assert question.urgency.level <= 1


def test_worse_is_more_urgent(reader: Reader) -> None:
    pairs = [
        ("The soup was cold.", "I was taken to hospital with food poisoning after your soup."),
        (
            "I forgot my password, how do I reset it?",
            "Someone took over my account and is spending my money!",
        ),
        (
            "My train was ten minutes late.",
            "Our train was cancelled, we are stuck at night and nobody helps us.",
        ),
    ]
    for mild, grave in pairs:
        first, second = reader.read([mild, grave], reasons=False)
        assert second.urgency.score > first.urgency.score
        assert second.urgency.level > first.urgency.level
