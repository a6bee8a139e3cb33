"""Where a training run starts: a folder with the 4-bit base, or an encoder taken by name from Hugging Face.

A named one must be a BERT encoder with the XLM-R vocabulary (multilingual-e5-small and its like). It is
written once, in the very layout of the 4-bit file, so that everything after this is the same for both.
Only the word embeddings are quantised there; the other matrices keep their precision.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment.base import BLOCK, MAGIC
from sentiment.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILE = "e5-small-q4.bin"
_Q4, _PLAIN = 2, 0
_PARTS = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense",
    "aln": "attention.output.LayerNorm", "oln": "output.LayerNorm",
}  # fmt: skip


def folder(base: str, work: Path) -> Path:
    """The folder with the base: ``base`` itself, or WORK/base made from the model of that name.

    Raises ModelError when it is neither, or an encoder of another kind.
    """
    if Path(base).is_dir():
        return Path(base)
    made = work / "base"
    if not (made / FILE).exists():
        _take(base, made)
    return made


def _take(name: str, made: Path) -> None:
    import transformers  # noqa: PLC0415 - heavy, and only for a model taken by name

    try:
        model: Any = transformers.AutoModel.from_pretrained(name)
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError, KeyError, ImportError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"there is no folder of this name, and no such model can be loaded ({first})",
            where=name,
            do="Give --base a folder with e5-small-q4.bin and tokenizer.json, or check name and network.",
        ) from error
    config = model.config
    if config.model_type != "bert" or config.hidden_size % 64 or config.hidden_act != "gelu":
        raise ModelError(
            f"the base is a {config.model_type} encoder of width {config.hidden_size}",
            where=name,
            do="Name a BERT encoder (GELU, width a multiple of 64), such as intfloat/multilingual-e5-small.",
        )
    made.mkdir(parents=True, exist_ok=True)
    tokenizer.backend_tokenizer.save(str(made / "tokenizer.json"))
    state = {key: value.detach().float().numpy() for key, value in model.state_dict().items()}
    write(made / FILE, state, config.num_attention_heads, float(config.layer_norm_eps))


def write(path: Path, state: dict[str, NDArray[np.float32]], heads: int, eps: float) -> None:
    """Write a BERT state (Hugging Face's names) as a base file. Raises OSError."""
    word = state["embeddings.word_embeddings.weight"]
    position = state["embeddings.position_embeddings.weight"]
    layers = 1 + max(int(key.split(".")[2]) for key in state if key.startswith("encoder.layer."))
    ffn = state["encoder.layer.0.intermediate.dense.weight"].shape[0]
    tensors: list[tuple[str, int, int, bytes]] = [("emb.word", _Q4, word.size, pack(word).tobytes())]

    def plain(name: str, value: NDArray[np.float32]) -> None:
        tensors.append((name, _PLAIN, value.size, np.ascontiguousarray(value, np.float32).tobytes()))

    plain("emb.pos", position)
    plain("emb.type", state["embeddings.token_type_embeddings.weight"])
    plain("emb.ln.w", state["embeddings.LayerNorm.weight"])
    plain("emb.ln.b", state["embeddings.LayerNorm.bias"])
    for layer in range(layers):
        for short, part in _PARTS.items():
            for letter, full in (("w", "weight"), ("b", "bias")):
                plain(f"l{layer}.{short}.{letter}", state[f"encoder.layer.{layer}.{part}.{full}"])
    types = len(state["embeddings.token_type_embeddings.weight"])
    sizes = (word.shape[1], layers, heads, ffn, len(word), len(position), types)
    head = MAGIC + struct.pack("<I7if", 1, *sizes, eps) + struct.pack("<i", BLOCK)
    head += struct.pack("<5iQI", 0, 0, 2, 1, 3, 0, 0)  # the tokenizer is a file of its own: no pieces here
    head += struct.pack("<iI", 0, 0) + struct.pack("<i", len(tensors))
    start = len(head) + sum(23 + len(name) for name, *_ in tensors)
    directory, at = b"", start
    for name, kind, count, raw in tensors:
        directory += (
            struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, count, at, len(raw))
        )
        at += len(raw)
    with path.open("wb") as file:
        file.write(head + directory)
        for *_, raw in tensors:
            file.write(raw)


def pack(rows: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Quantise rows to blocks of 32 4-bit weights; ``sentiment.base.unpack`` is the way back."""
    blocks = rows.reshape(len(rows), -1, BLOCK)
    peak = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[:, :, None], axis=2)
    scales = (peak / -8.0).astype(np.float16)
    factor = scales.astype(np.float32)
    factor = np.where(factor == 0, 1.0, factor)
    quants = np.clip(np.rint(blocks / factor) + 8, 0, 15).astype(np.uint8)
    packed = quants[:, :, : BLOCK // 2] | (quants[:, :, BLOCK // 2 :] << 4)
    made = np.concatenate((scales.view(np.uint8), packed), axis=2)
    return np.ascontiguousarray(made.reshape(len(rows), -1))
