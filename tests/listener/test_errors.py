"""The error family: one parent, and what the schedule reads from a channel's error."""

from __future__ import annotations

from datetime import timedelta

from listener.errors import ChannelError, HttpError, ListenerError


def test_a_channel_error_is_transient_unless_it_says_otherwise() -> None:
    error = ChannelError("no")
    assert (error.permanent, error.retry_after, error.attention, error.hint) == (False, None, False, "")
    assert isinstance(error, ListenerError)


def test_an_http_error_is_a_channel_error_with_a_status() -> None:
    error = HttpError("no", status=429, retry_after=timedelta(seconds=5), hint="wait")
    assert isinstance(error, ChannelError)
    assert (error.status, error.retry_after, error.hint, error.delivered) == (
        429,
        timedelta(seconds=5),
        "wait",
        True,
    )
