"""Trying a query before it is saved: how many hits it has, a few of them and why, and what listening will cost."""

from __future__ import annotations

from listener.preview.from_platform import live, live_unsaved
from listener.preview.from_store import stored
from listener.preview.result import Cost, Preview, Sample

__all__ = ["Cost", "Preview", "Sample", "live", "live_unsaved", "stored"]
