"""One item of a platform that has a shape nobody foresaw: it is named in the log, and the ones around it are heard.

A poll that crashes on it would meet it again in every run, and a webhook that refuses it is sent it again for days:
everything behind it would be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from listener import log

logger = log.get(__name__)
Made = TypeVar("Made")
Given = ParamSpec("Given")
SHAPES = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def read(
    channel: str, item: object, make: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs
) -> Made | None:
    """Return what `make` makes of an item, None when it cannot. `item`: its id on the platform, for the log."""
    try:
        return make(*args, **kwargs)
    except SHAPES as error:  # the kind of error only: its message may quote the post
        logger.warning("post.unreadable", channel=channel, item=str(item)[:100], error=type(error).__name__)
        return None
