"""The folder a model lives in: its five files, their checksums and its configuration.

``manifest.json`` names every file with its SHA-256; a file that was cut or changed is noticed at
load, before it can score anything wrongly.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import ModelError

FORMAT = 1
MANIFEST = "manifest.json"
CONFIG = "config.json"
ENCODER = "encoder.onnx"
EMBEDDINGS = "embeddings.bin"
TOKENIZER = "tokenizer.json"
FILES = (ENCODER, EMBEDDINGS, TOKENIZER, CONFIG)
SHIPPED = Path(__file__).resolve().parent.parent / "weights"
"""The model that comes with the product."""
_RESTORE = "Restore the weights folder (git checkout sentiment/weights, or install again)."


@dataclass(frozen=True, slots=True)
class Config:
    """``config.json``: the model's name and everything fitted after training."""

    name: str
    version: str
    calibration: dict[str, Any]
    about: dict[str, Any]


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(folder: Path) -> dict[str, str]:
    """Write the manifest over the folder's files and return it."""
    files = {name: digest(folder / name) for name in FILES}
    text = json.dumps({"format": FORMAT, "sha256": files}, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return files


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
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise ModelError("a model file is missing", where=path, do=_RESTORE)
        if digest(path) != sums.get(name):
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
