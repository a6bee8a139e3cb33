"""The commands of this room: alerts, replies, people, rules. They parse and print; the work is done elsewhere."""

from __future__ import annotations

from alerts.cli.alert import alert
from alerts.cli.reply import publish, reply
from alerts.cli.rule import rule
from alerts.cli.user import user

__all__ = ["alert", "publish", "reply", "rule", "user"]
