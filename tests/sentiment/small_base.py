"""A base of three tiny layers and a small labelled data folder, in the real formats."""

from __future__ import annotations

import gzip
import json
import random
import struct
from pathlib import Path

import numpy as np

HIDDEN, LAYERS, HEADS, FFN, POSITIONS = 64, 3, 2, 128, 512
WORDS = [
    "good", "love", "thanks", "bad", "awful", "late", "stuck", "hacked", "stolen", "app", "the", "my", "is",
    "хорошо", "плохо", "漢字",
]  # fmt: skip
PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    *(f"▁{word}" for word in WORDS),
    *"abcdefghijklmnopqrstuvwxyz",
]


def _blocks(rows: int, width: int, rng: np.random.Generator) -> bytes:
    made = rng.integers(0, 256, (rows, width // 32, 18), np.uint8)
    made[:, :, :2] = np.array([0.03], np.float16).view(np.uint8)
    return made.tobytes()


def write_base(folder: Path) -> dict[str, np.ndarray]:
    """Write e5-small-q4.bin and tokenizer.json; return some tensors as they should be read."""
    rng = np.random.default_rng(11)
    expected: dict[str, np.ndarray] = {}
    tensors: list[tuple[str, int, int, bytes]] = [
        ("emb.word", 2, (len(PIECES) + 1) * HIDDEN, _blocks(len(PIECES) + 1, HIDDEN, rng))
    ]

    def plain(name: str, count: int, value: float | None = None) -> None:
        data = np.full(count, value, np.float32) if value is not None else rng.normal(0, 0.02, count)
        expected[name] = data.astype(np.float32)
        tensors.append((name, 0, count, expected[name].tobytes()))

    plain("emb.pos", POSITIONS * HIDDEN)
    plain("emb.type", 2 * HIDDEN)
    for norm in ("emb.ln", *(f"l{i}.{part}" for i in range(LAYERS) for part in ("aln", "oln"))):
        plain(f"{norm}.w", HIDDEN, 1.0)
        plain(f"{norm}.b", HIDDEN, 0.0)
    for layer in range(LAYERS):
        for part in ("q", "k", "v", "ao", "fi", "fo"):
            out, width = {"fi": (FFN, HIDDEN), "fo": (HIDDEN, FFN)}.get(part, (HIDDEN, HIDDEN))
            tensors.append((f"l{layer}.{part}.w", 2, out * width, _blocks(out, width, rng)))
            plain(f"l{layer}.{part}.b", out)
    blob = "".join(PIECES).encode()
    offsets, at = [0], 0
    for piece in PIECES:
        at += len(piece.encode())
        offsets.append(at)
    head = b"E5S1" + struct.pack("<I7if", 1, HIDDEN, LAYERS, HEADS, FFN, len(PIECES) + 1, POSITIONS, 2, 1e-12)
    head += struct.pack("<i5iQ", 32, len(PIECES), 0, 2, 1, 3, len(blob))
    head += struct.pack(f"<{len(offsets)}I", *offsets) + b"\0\0\0\0" * len(PIECES) + blob
    head += struct.pack("<iI", 0, 0) + struct.pack("<i", len(tensors))
    size = len(head) + sum(2 + len(name) + 1 + 4 + 8 + 8 for name, *_ in tensors)
    directory, body = b"", b""
    for name, kind, count, raw in tensors:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, size + len(body), len(raw))
        body += raw
    (folder / "e5-small-q4.bin").write_bytes(head + directory + body)
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer()), encoding="utf-8")
    return expected


def _tokenizer() -> dict[str, object]:
    special = [
        {"id": at, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": True}
        for at, name in [*enumerate(PIECES[:4]), (len(PIECES), "<mask>")]
    ]  # fmt: skip
    mark = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special, "normalizer": None,
        "pre_tokenizer": mark, "decoder": mark,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {name: {"id": name, "ids": [at], "tokens": [name]}
                               for at, name in ((0, "<s>"), (2, "</s>"))},
        },
        "model": {"type": "Unigram", "unk_id": 3, "byte_fallback": False,
                  "vocab": [[piece, -float(at) / 10] for at, piece in enumerate(PIECES)] + [["<mask>", 0.0]]},
    }  # fmt: skip


def write_data(folder: Path, *, rows: int = 120) -> None:
    """Two sentiment sets and an urgency set whose labels follow from single words."""
    rng = random.Random(2)
    header = "id\tlang\tchannel\ttext\tsentiment\tstars\turgency\tcategory\tintent"
    for name in ("umsab_en", "airline_tweets"):
        for split, count in (("train", rows), ("dev", rows // 2)):
            lines = [header]
            for number in range(count):
                mood = rng.choice(("neg", "neu", "pos"))
                word = {"neg": "bad", "neu": "app", "pos": "love"}[mood]
                text = f"the {word} is my {rng.choice(WORDS[10:13])}"
                lines.append(f"{name}-{split}-{number}\ten\ttweet\t{text}\t{mood}\t\t\tLate Flight\t")
            _write(folder / "clean" / name / f"{split}.tsv.gz", lines)
    words = {0: ("good", "praise"), 1: ("late", "delivery_delay"), 2: ("stuck", "account_booking"),
             3: ("hacked", "fraud_security")}  # fmt: skip
    for split, count in (("train", rows), ("dev", rows // 2)):
        lines = ["id\tsource\tsource_id\tlang\tchannel\ttext\turgency\tneeds_reply\tcategory\tconfidence"]
        for number in range(count):
            level = number % 4
            word, category = words[level]
            reply = "no" if level == 0 else "yes"
            text = f"my app is {word} {'the ' * rng.randint(0, 3)}".strip()
            lines.append(f"u{split}{number}\tmade\tx\ten\ttweet\t{text}\t{level}\t{reply}\t{category}\thigh")
        _write(folder / "urgency" / f"{split}.tsv.gz", lines)


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
