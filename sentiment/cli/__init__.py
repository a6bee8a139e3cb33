"""Commands of this room, mounted by the ``allears`` command.

Only argument handling and printing; nothing here is imported by the rest of the room.
"""

from __future__ import annotations

from sentiment.cli.models import model
from sentiment.cli.scoring import score

__all__ = ["model", "score"]
