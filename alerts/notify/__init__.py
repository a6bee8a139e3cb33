"""Tells our own people at once: critical alerts and broken sources, by mail and by team chat.

`raised` and `attention` only write rows, each with a key that makes it happen once; `deliver` sends what waits,
outside any transaction. What is merely due or overdue is not mailed: the inbox and the digest show it.
"""

from alerts.notify.deliver import deliver
from alerts.notify.rows import attention, raised

__all__ = ["attention", "deliver", "raised"]
