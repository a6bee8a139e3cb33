"""The error family of this room: what people may see when something outside goes wrong.

A message says what, where and what to do; it never holds a secret, a query string or the text of a post.
"""

from __future__ import annotations

from datetime import timedelta


class ListenerError(Exception):
    """Parent of every expected failure of the listener; `str(error)` is written for people."""


class ChannelError(ListenerError):
    """A platform did not do what was asked, and we know what that means.

    permanent: asking again the same way will not help.
    retry_after: not before this time from now; None when the platform did not say.
    attention: only a person can help (expired credentials, nothing paid, a spending cap).
    hint: what to do, one sentence, may be empty; shown beside the message.
    status: of the HTTP answer; None when there was none.
    delivered: whether the request may have reached the platform. False only when it certainly did not, which
    decides between "failed" and "unknown" for a public reply.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        attention: bool = False,
        hint: str = "",
        status: int | None = None,
        delivered: bool = True,
    ) -> None:
        """Build from a message for people; the rest tells the schedule and the outbox what follows."""
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.attention = attention
        self.hint = hint
        self.status = status
        self.delivered = delivered


def told(message: str, hint: str | None) -> str:
    """Return a message with what to do about it, as people read it."""
    return f"{message.rstrip('.')}. {hint}" if hint else message


class PartError(ChannelError):
    """Parts of a source (a country, a video) could not be read, the others were; the message names them.

    The source keeps its pace: backing off would make everybody wait for the one that fails.
    """


class HttpError(ChannelError):
    """An HTTP exchange that failed: refused by our guard, never answered, or answered with an error."""
