"""Web addresses that people type as options: trimmed and looked at once, so that a typing error is told at once."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def address(text: str) -> str:
    """Return an http or https address without white space around it. Raises ValueError for anything else."""
    text = text.strip()
    try:
        host = urlsplit(text).hostname
    except ValueError:  # half an IPv6 address
        host = None
    if not text.lower().startswith(("http://", "https://")) or not host:
        message = "must be an http or https address, as https://www.example.com"
        raise ValueError(message)
    return text


Address = Annotated[str, AfterValidator(address)]
"""An address as it was typed."""
BaseAddress = Annotated[str, AfterValidator(lambda text: address(text).rstrip("/"))]
"""An address that paths are added to: without a slash at its end."""
