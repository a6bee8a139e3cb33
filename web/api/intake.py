"""`POST /api/v1/mentions`: rows from elsewhere, through the same door as `allears import`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from listener.db import Database
from listener.errors import ListenerError

MOST = 1000  # rows of one request


def take(db: Database, body: dict[str, Any]) -> dict[str, Any]:
    """Store the rows and return the importer's report. Raises ListenerError when the request itself is wrong."""
    brand, channel, items = body.get("brand"), body.get("channel"), body.get("items")
    if not isinstance(brand, str) or not isinstance(channel, str) or not isinstance(items, list):
        message = 'send {"brand": name, "channel": kind, "items": [{"id", "text", …}]}'
        raise ListenerError(message)
    if not 1 <= len(items) <= MOST:
        message = f"send between 1 and {MOST} items at once"
        raise ListenerError(message)
    from listener.importer import import_file  # noqa: PLC0415 - only this request needs it

    with tempfile.TemporaryDirectory(prefix="allears-intake-") as folder:
        file = Path(folder) / "items.jsonl"
        file.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
        report = import_file(db, file, brand=brand, channel=channel, mapping={})
    answer: dict[str, Any] = report.as_json()
    return answer
