"""The shipped model, loaded once for all tests of this room."""

from __future__ import annotations

import pytest

from sentiment.reader import Reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader.load(threads=2)
