"""What each source saw and what it missed: the ledger of polls, read back for people."""

from __future__ import annotations

from listener.coverage.gaps import SLACK, Cause, Gap, gaps
from listener.coverage.ledger import Coverage, summary
from listener.coverage.now import Blind, blind_now
from listener.coverage.polls import Line, lines

__all__ = ["SLACK", "Blind", "Cause", "Coverage", "Gap", "Line", "blind_now", "gaps", "lines", "summary"]
