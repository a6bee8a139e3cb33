"""Settings: file < environment, and every unknown key is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from listener.settings import SettingsError
from web.settings import known, load


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALLEARS_HOME", str(tmp_path))
    return tmp_path


def test_defaults_put_everything_into_home(home: Path) -> None:
    loaded = load()
    assert loaded.database_url == f"sqlite:///{home / 'allears.db'}"
    assert loaded.key_file == home / "secret.key"


def test_environment_wins_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "allears.toml").write_text(
        'public_url = "https://a.example.test"\n[mail]\nhost = "one"\nport = 25\n'
    )
    monkeypatch.setenv("ALLEARS_MAIL__HOST", "two")
    values = load().values
    assert (values.public_url, values.mail.host, values.mail.port) == ("https://a.example.test", "two", 25)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[mail]\nhots = 'x'\n", "mail.hots; did you mean mail.host?"),
        ("publik_url = 'x'\n", "publik_url; did you mean public_url?"),
        ("[mail]\nport = 'many'\n", "mail.port"),
        ("[alerts]\nundo_seconds = 90\n", "alerts.undo_seconds"),
        ("[mail\n", "cannot read"),
    ],
)
def test_a_bad_file_is_refused_by_name(home: Path, text: str, named: str) -> None:
    (home / "allears.toml").write_text(text)
    with pytest.raises(SettingsError, match=named.replace("?", r"\?")):
        load()


def test_a_misspelt_variable_is_refused_by_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del home
    monkeypatch.setenv("ALLEARS_DATABSE__URL", "sqlite://")
    with pytest.raises(SettingsError, match="ALLEARS_DATABSE__URL; did you mean ALLEARS_DATABASE__URL"):
        load()


def test_the_nearest_file_above_gives_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLEARS_HOME", raising=False)
    (tmp_path / "allears.toml").write_text("")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert load(below).home == tmp_path


def test_the_documented_keys_are_the_known_ones() -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    variables = {"ALLEARS_" + key.upper().replace(".", "__") for key in known()}
    named = set(re.findall(r"^\| `[^`]+` \| `(ALLEARS_\w+)`", page, re.MULTILINE))
    assert named == variables
