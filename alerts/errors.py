"""The error family of the alerts room. Texts are for people: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class AlertsError(Exception):
    """Parent of every expected failure of this room."""


class NotFound(AlertsError):  # noqa: N818 - the word people know from the answer 404
    """There is no such thing, or it belongs to a brand this person may not see: both look alike from outside."""


class Forbidden(AlertsError):  # noqa: N818 - the word people know from the answer 403
    """The person's role does not allow it."""


class Conflict(AlertsError):  # noqa: N818 - the word people know from the answer 409
    """Somebody was faster. `who` is their name, `what` what they did (ids, state, text, times as ISO strings)."""

    def __init__(self, message: str, *, who: str = "", what: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.who = who
        self.what: dict[str, Any] = dict(what or {})


class Blocked(AlertsError):  # noqa: N818 - the state a person sees
    """A text or a post that cannot be answered from here as it is; `problems` says why, one sentence each."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = list(problems) or [message]
