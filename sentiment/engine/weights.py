"""The folder a model lives in: its files, their checksums and its configuration.

A model is whole (encoder, embeddings, tokenizer) or only corrected heads on top of a whole one. A whole one may
leave out embeddings and tokenizer and take the shipped model's, when its manifest names those very files.

``manifest.json`` names every file with its SHA-256; a file that was cut or changed is noticed at
load, before it can score anything wrongly.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sentiment.errors import ModelError

FORMAT = 1
MANIFEST = "manifest.json"
CONFIG = "config.json"
ENCODER = "encoder.onnx"
EMBEDDINGS = "embeddings.bin"
TOKENIZER = "tokenizer.json"
HEADS = "heads.npz"
FILES = (ENCODER, EMBEDDINGS, TOKENIZER, CONFIG)
SHARED = (EMBEDDINGS, TOKENIZER)
"""Files that a model may take from the shipped one."""
CORRECTED_FILES = (HEADS, CONFIG)
"""Of a model that learned from corrections and borrows everything else."""
SHIPPED = Path(__file__).resolve().parent.parent / "weights"
"""The model that comes with the product."""
FAST = SHIPPED / "fast"
"""Half the layers, for twice the speed; it takes embeddings and tokenizer from the shipped one."""
NAMED = {"default": SHIPPED, "fast": FAST}
"""Models that are called by a name instead of a folder."""
_RESTORE = "Restore the weights folder (git checkout sentiment/weights, or install again)."


@dataclass(frozen=True, slots=True)
class Config:
    """``config.json``: the model's name and everything fitted after training."""

    name: str
    version: str
    calibration: dict[str, Any]
    about: dict[str, Any]
    base: dict[str, str] = field(default_factory=dict)
    """Of corrected heads: ``folder`` (a name of NAMED or a path) and ``encoder`` (SHA-256) of the whole model below."""


def files(folder: Path) -> tuple[str, ...]:
    """Names of the files a model in this folder is made of, the manifest aside."""
    if not (folder / HEADS).exists():
        return FILES
    return (*FILES, HEADS) if (folder / ENCODER).exists() else CORRECTED_FILES


def locate(folder: Path, name: str) -> Path:
    """Where a file of the model lies: in its folder, or of what may be shared, in the shipped one."""
    own = folder / name
    return SHIPPED / name if name in SHARED and not own.exists() else own


def called(folder: Path) -> str:
    """The name a folder is recorded by: its own where it has one, so that an installation may move."""
    return next((name for name, known in NAMED.items() if known == folder), str(folder.resolve()))


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path) -> dict[str, str]:
    """Write the manifest over the folder's files and return it."""
    sums = {name: digest(locate(folder, name)) for name in files(folder)}
    text = json.dumps({"format": FORMAT, "sha256": sums}, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return sums


def check(folder: Path) -> Config:
    """Verify every file against the manifest and read the configuration.

    Raises ModelError naming the first file that is missing, cut or changed.
    """
    if not folder.is_dir():
        raise ModelError("there is no model here", where=folder, do=_RESTORE)
    manifest = _read_json(folder / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ModelError(
            f"the model has format {manifest.get('format')}, this version reads {FORMAT}",
            where=folder / MANIFEST,
            do="Use the weights that belong to this version of All Ears.",
        )
    sums = manifest.get("sha256", {})
    taught = isinstance(sums, dict) and HEADS in sums
    corrected = taught and ENCODER not in sums
    for name in CORRECTED_FILES if corrected else (*FILES, HEADS) if taught else FILES:
        path = locate(folder, name)
        if not path.is_file():
            raise ModelError("a model file is missing", where=path, do=_RESTORE)
        if digest(path) != sums.get(name):
            if path.parent != folder:
                raise ModelError(
                    "a model file is missing, and the shipped model's is another one",
                    where=folder / name,
                    do=_RESTORE,
                )
            raise ModelError(
                "a model file is damaged (its SHA-256 is not the manifest's)",
                where=path,
                do=_RESTORE,
            )
    document = _read_json(folder / CONFIG)
    try:
        return Config(
            name=str(document["name"]),
            version=str(document["version"]),
            calibration=dict(document["calibration"]),
            about=dict(document["about"]),
            base={key: str(value) for key, value in dict(document["base"]).items()} if corrected else {},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the configuration lacks {error}", where=folder / CONFIG, do=_RESTORE) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"a model file cannot be read ({error.strerror})", where=path, do=_RESTORE
        ) from error
    except ValueError as error:
        raise ModelError(f"a model file is not JSON ({error})", where=path, do=_RESTORE) from error
    if not isinstance(document, dict):
        raise ModelError("a model file is not a JSON object", where=path, do=_RESTORE)
    return document
