"""Trims the base's vocabulary to the scripts the model is for.

Pieces of other scripts are removed and ids renumbered; for the scripts kept, every text is cut
into the very same pieces as before. Writes ``tokenizer.json`` and ``embeddings.bin``.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

from sentiment.engine import embeddings
from sentiment.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment.base import Base

SCRIPTS = frozenset({"LATIN", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI"})
_SHARED = frozenset({"COMBINING", "MODIFIER", "VARIATION"})
FIRST_PIECE = 4
"""Ids below are <s>, <pad>, </s> and <unk>."""


def _wanted(piece: str) -> bool:
    for char in piece:
        if unicodedata.category(char)[0] not in "LM":
            continue
        script = unicodedata.name(char, "").split(" ")[0]
        if script not in SCRIPTS and script not in _SHARED:
            return False
    return True


def trim(base: Base, tokenizer: Path, folder: Path) -> int:
    """Write the trimmed tokenizer and embedding file into ``folder``; return the pieces kept."""
    try:
        document: dict[str, Any] = json.loads(tokenizer.read_text(encoding="utf-8"))
        vocabulary: list[list[Any]] = document["model"]["vocab"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the base's tokenizer cannot be read ({error})",
            where=tokenizer,
            do="Give --base the folder that holds e5-small-q4.bin and tokenizer.json.",
        ) from error
    keep = [
        index
        for index, (piece, _) in enumerate(vocabulary)
        if index < FIRST_PIECE or (_wanted(piece) and piece != "<mask>")
    ]
    document["model"]["vocab"] = [vocabulary[index] for index in keep]
    document["added_tokens"] = [token for token in document["added_tokens"] if token["content"] != "<mask>"]
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    embeddings.write(folder / "embeddings.bin", base.word[keep])
    return len(keep)
