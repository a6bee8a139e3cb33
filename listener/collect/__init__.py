"""Hearing: claim what is due, poll it, and store each page with its cursor and its coverage in one transaction."""

from __future__ import annotations

from listener.collect.page import Counts, Target, save
from listener.collect.poll import poll
from listener.collect.schedule import Outcome, due

__all__ = ["Counts", "Outcome", "Target", "due", "poll", "save"]
