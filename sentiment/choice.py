"""Which model and alert threshold a home folder has chosen with ``allears model``; one small JSON file.

What is named in the settings goes first; the file never overrules a person's configuration.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sentiment.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "model.json"
DEFAULT: Final = "default"


def chosen(home: Path, configured: str = DEFAULT) -> str:
    """The model to load: the configured one, else the chosen one, else the shipped one.

    Raises ModelError when the file with the choice is damaged.
    """
    return configured if configured != DEFAULT else str(_read(home)["model"])


def previous(home: Path) -> str:
    """The model that was chosen before the present one."""
    return str(_read(home)["previous"])


def alert_threshold(home: Path, configured: float | None = None) -> float | None:
    """The threshold to use: the configured one, else the chosen one, else None = the model's own.

    Raises ModelError when the file with the choice is damaged.
    """
    if configured is not None:
        return configured
    found = _read(home)["alert_threshold"]
    return None if found is None else float(found)


def choose(home: Path, model: str) -> None:
    """Record a choice; the one before it is kept for a roll-back. Raises OSError."""
    now = _read(home)
    _write(home, {**now, "model": model, "previous": now["model"]})


def choose_threshold(home: Path, threshold: float | None) -> None:
    """Record an alert threshold; None = the model's own. Raises OSError."""
    _write(home, {**_read(home), "alert_threshold": threshold})


def _write(home: Path, document: dict[str, Any]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / (FILE + ".new")
    fresh.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    fresh.replace(home / FILE)


def _read(home: Path) -> dict[str, Any]:
    path = home / FILE
    if not path.exists():
        return {"model": DEFAULT, "previous": DEFAULT, "alert_threshold": None}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        threshold = document.get("alert_threshold")
        return {
            "model": str(document["model"]),
            "previous": str(document["previous"]),
            "alert_threshold": None if threshold is None else float(threshold),
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            "the recorded choice of a model cannot be read",
            where=path,
            do="Run `allears model use default`, or remove the file.",
        ) from error
