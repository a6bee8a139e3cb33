"""A tiny base and its data, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sentiment.small_base import write_base, write_data

pytest.importorskip("torch")
pytest.importorskip("onnx")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    write_base(folder)
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_data(folder)
    return folder
