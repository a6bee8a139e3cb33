"""Which model a home folder has chosen with ``allears model use``; one small JSON file.

A model named in the settings goes first; the file never overrules a person's configuration.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sentiment.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "model.json"
DEFAULT: Final = "default"


def chosen(home: Path, configured: str = DEFAULT) -> str:
    """The model to load: the configured one, else the chosen one, else the shipped one.

    Raises ModelError when the file with the choice is damaged.
    """
    return configured if configured != DEFAULT else _read(home)["model"]


def previous(home: Path) -> str:
    """The model that was chosen before the present one."""
    return _read(home)["previous"]


def choose(home: Path, model: str) -> None:
    """Record a choice; the one before it is kept for a roll-back. Raises OSError."""
    home.mkdir(parents=True, exist_ok=True)
    document = {"model": model, "previous": _read(home)["model"]}
    fresh = home / (FILE + ".new")
    fresh.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    fresh.replace(home / FILE)


def _read(home: Path) -> dict[str, str]:
    path = home / FILE
    if not path.exists():
        return {"model": DEFAULT, "previous": DEFAULT}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {"model": str(document["model"]), "previous": str(document["previous"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "the recorded choice of a model cannot be read",
            where=path,
            do="Run `allears model use default`, or remove the file.",
        ) from error
