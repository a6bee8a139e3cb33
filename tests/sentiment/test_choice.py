"""The choice of a model is kept in the home folder, with the one before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment.choice import FILE, choose, chosen, previous
from sentiment.errors import ModelError


def test_default_until_something_is_chosen(tmp_path: Path) -> None:
    assert chosen(tmp_path) == "default"
    choose(tmp_path / "new", "/models/a")
    choose(tmp_path / "new", "/models/b")
    assert chosen(tmp_path / "new") == "/models/b"
    assert previous(tmp_path / "new") == "/models/a"


def test_the_settings_go_first(tmp_path: Path) -> None:
    choose(tmp_path, "/models/a")
    assert chosen(tmp_path, "/models/configured") == "/models/configured"


@pytest.mark.parametrize("content", ["", "[]", '{"model": "a"}', "{"])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"model\.json.*model use default"):
        chosen(tmp_path)
