"""What the listener's commands share: the shape of `app`, JSON to stdout, parsing of `--set`, `--every`, `--since`."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import click

from listener.db import Database
from listener.ground import Ground

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class App(Protocol):
    """What commands need of the composition root; both are opened on first use."""

    @property
    def db(self) -> Database:
        """The database at head."""

    @property
    def ground(self) -> Ground:
        """Network, keys and settings of the listener."""


def print_json(document: object) -> None:
    """Print one JSON document to stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def pairs(values: Iterable[str], *, flag: str = "--set") -> dict[str, str]:
    """Read `key=value` settings. A value `env:NAME` comes from the environment, `-` from standard input (one line);
    so no secret has to stand on the command line. Raises click.BadParameter."""
    found: dict[str, str] = {}
    for text in values:
        key, separator, value = text.partition("=")
        if not separator or not key.strip():
            message = f"{flag} {text!r}: write key=value"
            raise click.BadParameter(message)
        if value.startswith("env:"):
            name = value.removeprefix("env:")
            if name not in os.environ:
                message = f"{flag} {key}: the environment has no variable {name}"
                raise click.BadParameter(message)
            value = os.environ[name]
        elif value == "-":
            value = sys.stdin.readline().rstrip("\r\n")
            if not value:
                message = f"{flag} {key}=-: standard input is empty"
                raise click.BadParameter(message)
        found[key.strip()] = value
    return found


def duration(text: str | None, *, flag: str) -> timedelta | None:
    """Read 30s, 5m, 2h or 7d. Raises click.BadParameter."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6})\s*([smhd])", text.strip().lower())
    if not found or int(found[1]) == 0:
        message = f"{flag} {text!r}: write a number and s, m, h or d, for example 5m"
        raise click.BadParameter(message)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def moment(text: str | None, *, flag: str) -> datetime | None:
    """Read a date, an ISO 8601 instant, or a span back from now (7d). Raises click.BadParameter."""
    if text is None:
        return None
    if re.fullmatch(r"\d{1,6}\s*[smhd]", text.strip().lower()):
        return datetime.now(UTC) - (duration(text, flag=flag) or timedelta())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        message = f"{flag} {text!r}: write 2026-11-01, 2026-11-01T08:00:00+01:00, or a span back as 7d"
        raise click.BadParameter(message) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
