"""A tiny base and its data, made once. Without the packages of `allears[model]` this folder is skipped, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sentiment.small_base import write_base, write_data

try:
    import onnx  # noqa: F401 - only whether it is there
    import torch  # noqa: F401
except ImportError as error:
    missing: str | None = error.name
else:
    missing = None


class Without(pytest.Module):
    """A test module that is not even imported, because it would import what is missing."""

    def collect(self) -> list[pytest.Item]:
        pytest.skip(f"training is not tested: {missing} is not installed (pip install 'allears[model]')")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return Without.from_parent(parent, path=module_path) if missing else None


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    write_base(folder)
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_data(folder, rows=480)
    return folder
