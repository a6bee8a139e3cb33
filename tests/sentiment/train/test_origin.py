"""A base by Hugging Face name becomes the same file as the 4-bit one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sentiment import base as base_file
from sentiment.errors import ModelError
from sentiment.train import origin
from sentiment.train.network import from_base

transformers = pytest.importorskip("transformers")


def test_packing_is_as_exact_as_four_bits_allow() -> None:
    rows = np.random.default_rng(3).normal(0, 1, (5, 64)).astype(np.float32)
    rows[2, :32] = 0
    back = base_file.unpack(origin.pack(rows), 64)
    blocks = np.abs(rows.reshape(5, 2, 32)).max(axis=2)[:, :, None]
    assert (np.abs(back - rows).reshape(5, 2, 32) <= blocks / 8 + 1e-3).all()
    assert np.array_equal(base_file.unpack(origin.pack(back), 64), back)


def test_a_bert_encoder_says_the_same_after_the_way_through_the_file(tmp_path: Path) -> None:
    torch.manual_seed(4)
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=64, num_hidden_layers=3, num_attention_heads=2, intermediate_size=128,
        max_position_embeddings=40, hidden_dropout_prob=0, attention_probs_dropout_prob=0,
    )  # fmt: skip
    model = transformers.BertModel(config).eval()
    state = {key: value.detach().numpy() for key, value in model.state_dict().items()}
    origin.write(tmp_path / origin.FILE, state, 2, config.layer_norm_eps)
    read = base_file.read(tmp_path / origin.FILE)
    assert (read.shape.layers, read.shape.heads, read.shape.vocabulary) == (3, 2, 50)
    words = torch.from_numpy(base_file.unpack(read.word, 64)[[5, 9, 11, 2]])[None]
    with torch.no_grad():
        wanted = model(inputs_embeds=words).last_hidden_state.mean(dim=1)
        found = from_base(read).eval().pooled(words, None)[-1]
    assert torch.allclose(found, wanted, atol=1e-5)


def test_a_name_that_is_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"no folder of this name.*--base"):
        origin.folder(str(tmp_path / "nobody" / "nothing"), tmp_path)
    assert origin.folder(str(tmp_path), tmp_path) == tmp_path
