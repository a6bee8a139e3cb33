"""The scene on each back end, and once on SQLite for tests that do not depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.db import Database
from tests.alerts.scene import Scene, build
from tests.alerts.smtp_server import Server, running


@pytest.fixture
def scene(db: Database, tmp_path: Path) -> Scene:
    return build(db, tmp_path)


@pytest.fixture
def small(sqlite_db: Database, tmp_path: Path) -> Scene:
    return build(sqlite_db, tmp_path)


@pytest.fixture
def smtp() -> Iterator[Server]:
    with running() as server:
        yield server
