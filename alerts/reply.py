"""The front door of the outbox: draft, approve, undo, send, resolve. How each works lies in `alerts/replying/`."""

from __future__ import annotations

from alerts.replying.approve import approve, approve_waiting, by_hand, draft, reject, undo, visible
from alerts.replying.reach import Reach, reach
from alerts.replying.resolve import expired, resolve, settle
from alerts.replying.send import not_posted, send

__all__ = [
    "Reach", "approve", "approve_waiting", "by_hand", "draft", "expired", "not_posted", "reach", "reject", "resolve",
    "send", "settle", "undo", "visible",
]  # fmt: skip
