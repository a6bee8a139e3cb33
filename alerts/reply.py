"""The front door of the outbox: draft, approve, undo, send, resolve, look. How each works: `alerts/replying/`."""

from __future__ import annotations

from alerts.replying.approve import approve, draft
from alerts.replying.decide import approve_waiting, by_hand, reject, undo
from alerts.replying.pending import look
from alerts.replying.reach import Reach, check, reach
from alerts.replying.resolve import expired, resolve, settle
from alerts.replying.rows import visible
from alerts.replying.send import not_posted, send

__all__ = [
    "Reach", "approve", "approve_waiting", "by_hand", "check", "draft", "expired", "look", "not_posted", "reach",
    "reject", "resolve", "send", "settle", "undo", "visible",
]  # fmt: skip
