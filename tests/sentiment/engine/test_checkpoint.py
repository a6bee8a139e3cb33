"""Labels of other people's classifiers are mapped to three, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentiment.engine.checkpoint import mapping
from sentiment.errors import ModelError
from sentiment.reader import Reader


@pytest.mark.parametrize(
    ("labels", "places"),
    [
        (["negative", "neutral", "positive"], [0, 1, 2]),
        (["POSITIVE", "NEGATIVE"], [2, 0]),
        (["LABEL_0", "LABEL_1", "LABEL_2"], [0, 1, 2]),
        (["LABEL_0", "LABEL_1"], [0, 2]),
        (["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], [0, 0, 1, 2, 2]),
        (["Very Negative", "Negative", "Neutral", "Positive", "Very Positive"], [0, 0, 1, 2, 2]),
    ],
)
def test_known_label_sets(labels: list[str], places: list[int]) -> None:
    assert mapping(labels, "m").argmax(axis=1).tolist() == places


@pytest.mark.parametrize("labels", [["spam", "ham"], ["positive"], ["a", "b", "c", "d"], ["pos", "pos"]])
def test_what_is_no_sentiment_is_refused(labels: list[str]) -> None:
    with pytest.raises(ModelError, match=r"2, 3 or 5 sentiment classes"):
        mapping(labels, "m")


def test_an_unknown_name_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"cannot be loaded.*Check the name"):
        Reader.load(str(tmp_path / "nothing"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_folder_with_a_classifier_replaces_the_mood_and_keeps_the_rest(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "very"]
    (tmp_path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 64}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, id2label={0: "POSITIVE", 1: "NEGATIVE"}, label2id={"POSITIVE": 0, "NEGATIVE": 1},
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 3.0]))
    model.save_pretrained(tmp_path)
    own = Reader.load(str(tmp_path), threads=1)
    texts = ["very good", "", "very bad " * 100]
    found = own.read(texts, reasons=False)
    shipped = Reader.load(threads=1).read(texts, reasons=False)
    assert [r.sentiment.label for r in found] == ["negative", "neutral", "negative"]
    assert found[0].sentiment.negative == pytest.approx(0.9526, abs=1e-3)
    assert [r.urgency for r in found] == [r.urgency for r in shipped]
    assert found[0].model == f"{tmp_path.name}+{shipped[0].model}"
