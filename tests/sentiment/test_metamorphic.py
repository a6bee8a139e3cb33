"""What must not change a verdict, and what must: pairs written for this product.

A small model is right most of the time, not always: every property states how often it has to hold, and a failure
names the texts on which it did not.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sentiment.reader import Reader, Reading

COMPLAINTS = [
    "The delivery is two weeks late and support ignores my mails.",
    "Your app deleted all my photos, this is terrible.",
    "La livraison a deux semaines de retard et le support ignore mes messages.",
    "Доставка опаздывает на две недели, поддержка не отвечает на письма.",
    "המשלוח מאחר בשבועיים והתמיכה מתעלמת מהמיילים שלי.",
    "Die Lieferung ist zwei Wochen zu spät und der Support ignoriert meine Mails.",
    "El pedido llega dos semanas tarde y nadie contesta mis correos.",
    "La consegna è in ritardo di due settimane e nessuno risponde alle mie mail.",
    "A entrega está duas semanas atrasada e ninguém responde aos meus e-mails.",
    "تأخر التوصيل أسبوعين ولا أحد يرد على رسائلي.",
]
PRAISE = [
    "Wonderful service, thank you so much!",
    "Merci beaucoup, service parfait !",
    "Отличный сервис, большое спасибо!",
    "שירות נהדר, תודה רבה!",
    "Toller Service, vielen Dank!",
    "Servicio excelente, ¡muchas gracias!",
    "Servizio ottimo, grazie mille!",
    "Ótimo atendimento, muito obrigado!",
    "خدمة ممتازة، شكرا جزيلا!",
]
NEUTRAL = ["I live in Haifa.", "It is Tuesday today.", "The box is blue."]
NEGATIONS = [
    ("The new update is good.", "The new update is not good."),
    ("I would recommend this shop.", "I would not recommend this shop."),
    ("The staff was friendly.", "The staff was not friendly."),
    ("Je suis content du service.", "Je ne suis pas content du service."),
    ("Мне нравится это приложение.", "Мне не нравится это приложение."),
    ("אני מרוצה מהשירות.", "אני לא מרוצה מהשירות."),
    ("Ich bin mit dem Service zufrieden.", "Ich bin mit dem Service nicht zufrieden."),
    ("Recomiendo este hotel.", "No recomiendo este hotel."),
    ("Sono contento del servizio.", "Non sono contento del servizio."),
    ("Gostei do atendimento.", "Não gostei do atendimento."),
]
WORSE = [
    ("The soup was cold.", "I was taken to hospital with food poisoning after your soup."),
    ("I forgot my password, how do I reset it?", "Someone took over my account and is spending my money!"),
    ("My train was ten minutes late.", "Our train was cancelled, we are stuck at night and nobody helps us."),
    ("The phone is a bit slow.", "The phone exploded and burned my hand."),
    ("La soupe était froide.", "J'ai été hospitalisé pour une intoxication après votre soupe."),
    ("Суп был холодный.", "После вашего супа попал в больницу: отравление."),
    ("המרק היה קר.", "אושפזתי עם הרעלת מזון אחרי המרק שלכם."),
    ("Die Suppe war kalt.", "Nach Ihrer Suppe liege ich mit Lebensmittelvergiftung im Krankenhaus."),
]


def holds(outcomes: Sequence[tuple[str, bool]], share: float) -> None:
    """Fail when the property holds on a smaller share of the texts."""
    broken = [text for text, fine in outcomes if not fine]
    assert len(broken) <= (1 - share) * len(outcomes) + 1e-9, broken


def test_a_neutral_sentence_does_not_flip_a_complaint(reader: Reader) -> None:
    outcomes = []
    for text in COMPLAINTS:
        plain, *longer = reader.read([text, *(f"{text} {more}" for more in NEUTRAL)], reasons=False)
        outcomes += [(text, plain.sentiment.label == "negative")]
        outcomes += [(f"{text} {more}", found.sentiment.label == "negative")
                     for more, found in zip(NEUTRAL, longer, strict=True)]  # fmt: skip
    holds(outcomes, 0.95)


def test_a_neutral_sentence_makes_no_praise_bad_or_urgent(reader: Reader) -> None:
    texts = [f"{text} {more}" for text in PRAISE for more in NEUTRAL]
    found = reader.read(texts, reasons=False)
    holds([(text, each.sentiment.label != "negative") for text, each in zip(texts, found, strict=True)], 0.95)
    holds([(text, each.urgency.level < 2) for text, each in zip(texts, found, strict=True)], 1)


def test_not_flips_a_verdict(reader: Reader) -> None:
    outcomes = []
    for good, bad in NEGATIONS:
        liked, disliked = reader.read([good, bad], reasons=False)
        outcomes += [
            (good, liked.sentiment.label == "positive"),
            (bad, disliked.sentiment.label == "negative"),
        ]
    holds(outcomes, 0.95)


@pytest.mark.parametrize("change", [str.upper, "{}!!!".format, "{} 😡😡".format, "@acme {} #fail".format])
def test_the_way_it_is_said_does_not_make_a_complaint_good(reader: Reader, change: object) -> None:
    texts = [str(change(text)) for text in COMPLAINTS]  # type: ignore[operator]
    found = reader.read(texts, reasons=False)
    holds([(text, each.sentiment.label == "negative") for text, each in zip(texts, found, strict=True)], 0.9)


def test_capitals_alone_change_nothing(reader: Reader) -> None:
    def same(one: Reading, two: Reading) -> bool:
        near = abs(one.urgency.score - two.urgency.score) < 0.25
        return near and one.sentiment.label == two.sentiment.label

    found = reader.read([*COMPLAINTS, *map(str.upper, COMPLAINTS)], reasons=False)
    pairs = zip(COMPLAINTS, found[: len(COMPLAINTS)], found[len(COMPLAINTS) :], strict=True)
    holds([(text, same(plain, loud)) for text, plain, loud in pairs], 0.9)


def test_the_bare_word_urgent_raises_nothing(reader: Reader) -> None:
    praise, question = reader.read(
        ["urgent love for this song", "Not urgent: which colours does the bag come in?"], reasons=False
    )
    assert praise.urgency.level == 0
    assert question.urgency.level <= 1


def test_worse_is_more_urgent(reader: Reader) -> None:
    outcomes = []
    for mild, grave in WORSE:
        first, second = reader.read([mild, grave], reasons=False)
        outcomes.append((grave, second.urgency.score > first.urgency.score))
        outcomes.append((grave, second.urgency.level >= 2))
    holds(outcomes, 0.9)


def test_a_brand_name_that_is_a_bad_word_is_no_opinion_once_it_is_named(reader: Reader) -> None:
    from sentiment.neutral import without_words

    texts = ["Killer Fraud is my favourite band, what a night!", "New Disaster Café opens on Monday."]
    words = ["Killer Fraud", "Disaster Café"]
    found = reader.read([without_words(text, words) for text in texts], reasons=False)
    assert [each.sentiment.label for each in found] == ["positive", "neutral"]


def test_words_of_two_languages_in_one_text(reader: Reader) -> None:
    texts = [
        "Le delivery est super late, je suis pas happy du tout",
        "Мой account взломали, please help срочно",
        "Meu account foi hackeado, help me please",
    ]
    found = reader.read(texts, reasons=False)
    holds([(text, each.sentiment.label == "negative") for text, each in zip(texts, found, strict=True)], 1)
    holds([(text, each.urgency.level >= 1) for text, each in zip(texts, found, strict=True)], 1)
