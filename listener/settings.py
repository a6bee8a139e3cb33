"""What all rooms need to know about their surroundings, and how settings are read.

Order: `allears.toml` < secrets folder < environment (`ALLEARS_SECTION__KEY`). An unknown key or variable is an error
that names it. Every room declares its own section; `web.settings` composes them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class SettingsError(Exception):
    """A setting that cannot be used; the text says which, where it came from and what to do."""


class Section(BaseModel):
    """Parent of every settings section: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(Section):
    """`[database]`"""

    url: str | None = Field(None, description="SQLAlchemy URL; default: a SQLite file in ALLEARS_HOME")


class QueueSettings(Section):
    """`[queue]`"""

    url: str | None = Field(None, description="redis://… or amqp://…; empty = threads in this process")
    threads: int = Field(4, ge=1, le=64, description="worker threads of one process")


class NetworkSettings(Section):
    """`[network]`"""

    allow: tuple[str, ...] = Field((), description="host:port pairs that may be private addresses")
    timeout: float = Field(20.0, gt=0, description="seconds without an answer")
    deadline: float = Field(60.0, gt=0, description="seconds for one request in all")
    max_bytes: int = Field(10_000_000, gt=0, description="of one answer, after inflating")


class ListenerSettings(Section):
    """`[listener]`"""

    keep_payload_days: int = Field(30, ge=0)
    first_window_hours: int = Field(24, ge=0, description="how far a new source reads back")
    run_seconds: int = Field(120, gt=0, description="deadline of one poll")
    max_pages: int = Field(40, gt=0, description="pages of one poll before it yields to the next run")
    read_prices: dict[str, Annotated[Decimal, Field(ge=0)]] = Field(
        default_factory=dict, description="what a platform bills for one post read, by channel kind"
    )


class LogSettings(Section):
    """`[log]`"""

    level: str = Field("info", pattern="^(debug|info|warning|error)$")
    format: str = Field("auto", pattern="^(auto|json|text)$")


def find_home(environ: Mapping[str, str] = os.environ, start: Path | None = None) -> tuple[Path, Path | None]:
    """Return (home, settings file or None).

    ALLEARS_HOME, else the folder of the nearest `allears.toml` above `start`, else the user's data folder.
    """
    here = (start or Path.cwd()).resolve()
    named = environ.get("ALLEARS_HOME")
    if named:
        home = Path(named).expanduser().resolve()
        file = home / "allears.toml"
        return home, file if file.is_file() else None
    for folder in (here, *here.parents):
        file = folder / "allears.toml"
        if file.is_file():
            return folder, file
    data = Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return data / "allears", None
