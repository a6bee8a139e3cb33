"""The shipped model through its one door: order, batches, odd texts, failures and reasons."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from sentiment.engine.onnx import OnnxEngine
from sentiment.engine.weights import SHIPPED
from sentiment.errors import ModelError
from sentiment.labels import CATEGORIES
from sentiment.reader import Reader, Reading

TEXTS = [
    "My flight was cancelled, I am stranded at the airport with two kids and nobody answers",
    "Love the new app, thank you!",
    "Мой аккаунт взломали, деньги списаны, поддержка молчит второй день",
    "כבר שלושה ימים בלי אינטרנט, התקשרתי ארבע פעמים ואף אחד לא חוזר",
    "Sans internet depuis trois jours, quatrième appel, toujours rien. Je vais résilier.",
    "I was taken to hospital with food poisoning after your soup",
    "How do I change my delivery address?",
    "",
    "😡😡😡",
    "ok",
]


def test_the_contents_are_what_the_interface_says(reader: Reader) -> None:
    for reading in reader.read(TEXTS):
        mood, urgent = reading.sentiment, reading.urgency
        assert mood.negative + mood.neutral + mood.positive == pytest.approx(1)
        chances = {"negative": mood.negative, "neutral": mood.neutral, "positive": mood.positive}
        assert chances[mood.label] == max(chances.values())
        assert sum(urgent.levels) == pytest.approx(1)
        assert urgent.score == pytest.approx(urgent.levels[2] + urgent.levels[3])
        assert min(urgent.levels) >= 0
        assert reading.category in CATEGORIES
        assert reading.model == reader.name
        assert reading.error is None


def test_plain_cases_in_four_languages(reader: Reader) -> None:
    flight, praise, hacked, offline, french, poisoned, question, *_ = reader.read(TEXTS)
    for bad, level in ((flight, 2), (hacked, 2), (offline, 1), (french, 2)):
        assert bad.sentiment.label == "negative"
        assert bad.urgency.level >= level
    assert all(bad.needs_reply for bad in (flight, offline, french))
    assert poisoned.urgency.level >= 2
    assert (praise.sentiment.label, praise.urgency.level, praise.needs_reply) == ("positive", 0, False)
    assert question.needs_reply
    assert question.urgency.level <= 1
    assert [r.language for r in (flight, hacked, offline, french)] == ["en", "ru", "he", "fr"]
    assert hacked.category == "fraud_security"


def test_results_do_not_depend_on_the_batch(reader: Reader) -> None:
    together = reader.read(TEXTS)
    assert [reader.read([text])[0] for text in TEXTS] == together
    mixed = list(range(len(TEXTS))) * 3
    random.Random(5).shuffle(mixed)
    assert reader.read([TEXTS[index] for index in mixed]) == [together[index] for index in mixed]


def test_results_do_not_depend_on_the_number_of_threads(reader: Reader) -> None:
    assert Reader.load(threads=1).read(TEXTS[:5], reasons=False) == reader.read(TEXTS[:5], reasons=False)


def test_an_empty_text_is_neutral(reader: Reader) -> None:
    for reading in reader.read(["", "   ", "\u200b\u200f", "..."]):
        assert reading.sentiment.label == "neutral"
        assert reading.urgency.level == 0
        assert reading.category == "other_none"
        assert not reading.needs_reply
        assert reading.vector is None


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "?",
        "👩‍👩‍👧‍👦",
        "\ud83d",
        "\u0000\u0001",
        "א" * 3000,
        "x" * 10_000,
        "na " * 4000,
        "\u202eabc",
        "#" * 200,
    ],
)
def test_odd_texts_are_read(reader: Reader, text: str) -> None:
    (reading,) = reader.read([text])
    assert reading.error is None
    assert sum(reading.urgency.levels) == pytest.approx(1)


def test_an_emergency_at_the_end_of_a_long_text_is_seen(reader: Reader) -> None:
    calm = "The room was nice and the breakfast was good. " * 150
    assert len(calm) > 5000
    cry = (
        "My account was hacked and my card is being charged right now. Somebody is stealing my money, "
        "please block the card, I have called three times and nobody answers!"
    )
    quiet, loud = reader.read([calm, calm + cry])
    assert quiet.urgency.level == 0
    assert loud.urgency.level >= 2
    assert any(word in " ".join(loud.reasons) for word in ("hacked", "charged", "stealing", "block"))


def test_handles_and_links_change_nothing(reader: Reader) -> None:
    first, second = reader.read(
        ["@acme where is my order? https://example.test/a", "@other where is my order? http://t.co/zz9"]
    )
    assert first.sentiment == second.sentiment
    assert first.urgency == second.urgency


def test_a_text_that_breaks_the_engine_is_marked_alone(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = reader.read(TEXTS, reasons=False)
    poison = set(reader._model.tokens.encode([TEXTS[3]])[0])
    one = OnnxEngine.one

    def fails(self: OnnxEngine, ids: list[int], *, alone: bool = False) -> object:
        if set(ids) == poison:
            raise RuntimeError("kernel")
        return one(self, ids, alone=alone)

    monkeypatch.setattr(OnnxEngine, "one", fails)
    found = reader.read(TEXTS, reasons=False)
    assert found[3].error == "the engine failed on this text (RuntimeError)"
    assert found[:3] + found[4:] == whole[:3] + whole[4:]


def test_reasons_only_for_alerts_and_removing_them_lowers_the_score(reader: Reader) -> None:
    for text, reading in zip(TEXTS, reader.read(TEXTS), strict=True):
        if reading.urgency.level < 2:
            assert reading.reasons == ()
            continue
        assert reading.reasons
        rest = text
        for reason in reading.reasons:
            assert reason in text
            rest = rest.replace(reason, "")
        assert reader.read([rest])[0].urgency.score < reading.urgency.score


def test_no_reasons_when_not_asked_for(reader: Reader) -> None:
    assert all(reading.reasons == () for reading in reader.read(TEXTS, reasons=False))


def similarity(one: Reading, two: Reading) -> float:
    first, second = (np.frombuffer(r.vector or b"", np.int8).astype(float) for r in (one, two))
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def test_the_same_complaint_is_similar_across_languages(reader: Reader) -> None:
    english, french, russian, other = reader.read(
        [
            "My parcel has not arrived",
            "Mon colis n'est pas arrivé",
            "Моя посылка не пришла",
            "The app crashes when I open the camera",
        ]
    )
    assert len(english.vector or b"") == 384
    for same in (french, russian):
        assert similarity(english, same) > similarity(english, other) + 0.2


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 1, "sha256": {}}', encoding="utf-8")
    with pytest.raises(ModelError, match=r"missing: .*encoder\.onnx.*Restore"):
        Reader.load(str(tmp_path))


def test_the_shipped_files_are_within_their_limits() -> None:
    sizes = [path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()]
    assert max(sizes) <= 50_000_000
    assert sum(sizes) <= 90_000_000
