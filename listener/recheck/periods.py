"""How often a stored post is asked for again. Pure; the periods are those of docs/channels.md."""

from __future__ import annotations

from datetime import datetime, timedelta

from listener.channels import KINDS, channel_type

PRESSING = timedelta(minutes=15)  # somebody works on it
YOUNG, HOURLY = timedelta(days=1), timedelta(hours=1)
RECENT, DAILY = timedelta(days=7), timedelta(days=1)
HASHED = "sha256:"  # an id too long for its column: the platform does not know it by this one


def refreshing() -> frozenset[str]:
    """Return the kinds whose posts can be asked for again."""
    return frozenset(kind for kind in KINDS if channel_type(kind).refreshes)


def askable(channel: str, external_id: str) -> bool:
    """Say whether the platform can be asked for this post."""
    return not external_id.startswith(HASHED) and channel in KINDS and channel_type(channel).refreshes > 0


def following(
    at: datetime,
    *,
    posted_at: datetime,
    collected_at: datetime,
    edited_at: datetime | None = None,
    pressing: bool = False,
) -> datetime | None:
    """Return when a post that was read at `at` is read again; None = never.

    A post dated in the future is as old as our knowledge of it; one that was edited is as young as its words.
    """
    if pressing:
        return at + PRESSING
    written = min(posted_at, collected_at)
    age = at - (max(written, min(edited_at, at)) if edited_at else written)
    if age < YOUNG:
        return at + HOURLY
    return at + DAILY if age < RECENT else None
