"""Nine languages are told apart; the platform's tag helps on short texts and is overruled on clear ones."""

from __future__ import annotations

import pytest

from sentiment.language import detect, detect_all


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("My parcel has not arrived and nobody answers the phone.", "en"),
        ("Mon colis n'est toujours pas arrivé et personne ne répond.", "fr"),
        ("Посылка так и не пришла, никто не отвечает.", "ru"),
        ("החבילה לא הגיעה ואף אחד לא עונה לטלפון", "he"),
        ("Mein Paket ist immer noch nicht da und niemand geht ans Telefon.", "de"),
        ("Mi paquete todavía no ha llegado y nadie contesta el teléfono.", "es"),
        ("Il mio pacco non è ancora arrivato e nessuno risponde al telefono.", "it"),
        ("Minha encomenda ainda não chegou e ninguém atende o telefone.", "pt"),
        ("لم تصل شحنتي بعد ولا أحد يرد على الهاتف", "ar"),
    ],
)
def test_nine_languages(text: str, language: str) -> None:
    assert detect(text) == language
    assert detect(f"@brand {text} https://example.test/x #help") == language


def test_the_tag_decides_short_texts() -> None:
    assert detect("ok super", "de-AT") == "de"
    assert detect("ok super", "fr") == "fr"
    assert detect("12345 !!", "it") == "it"


def test_a_clear_text_overrules_a_wrong_tag() -> None:
    assert detect("My parcel has not arrived and nobody answers the phone since last week.", "de") == "en"
    assert detect("Посылка так и не пришла", "en") == "ru"


def test_tags_of_other_languages_are_believed() -> None:
    assert detect("Де моя посилка?", "uk") == "uk"
    assert detect("dove e il pacco", "tr_TR") == "tr"


@pytest.mark.parametrize("hint", [None, "", "und", "zxx", "???", "not a tag"])
def test_useless_tags_and_texts_fall_back(hint: str | None) -> None:
    assert detect("", hint) == "en"
    assert detect("😡😡", hint) == "en"


def test_old_codes_are_mapped() -> None:
    assert detect("", "iw") == "he"


def test_many_at_once() -> None:
    assert detect_all(["", "Привет, как дела?"], ["fr", None]) == ["fr", "ru"]
