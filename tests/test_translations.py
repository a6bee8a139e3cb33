"""Catalogues of the rooms that speak to people: complete, nothing guessed, compiled, and their placeholders kept."""

from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import alerts
import listener
import web

ROOMS = {
    name: Path(str(room.__file__)).parent
    for name, room in (("alerts", alerts), ("listener", listener), ("web", web))
}
LANGUAGES = ("fr", "ru", "he")
KEYWORDS = {**DEFAULT_KEYWORDS, "n_": (1, 2)}  # as `make i18n` has them
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


pytestmark = [pytest.mark.parametrize("room", ROOMS), pytest.mark.parametrize("language", LANGUAGES)]


def catalogue(room: str, language: str) -> Catalog:
    with (ROOMS[room] / f"translations/{language}/LC_MESSAGES/{room}.po").open("rb") as stream:
        return read_po(stream, locale=language)


def test_every_message_of_the_room_is_translated(room: str, language: str) -> None:
    used = _extracted(ROOMS[room])
    there = {
        message.id for message in catalogue(room, language) if message.id and all(_forms(message.string))
    }
    assert used, "nothing was extracted"
    assert used - there == set()
    assert there - used == set()


def test_placeholders_are_kept(room: str, language: str) -> None:
    for message in catalogue(room, language):
        if not message.id:
            continue
        allowed = {name for text in _forms(message.id) for name in PLACEHOLDER.findall(text)}
        for text in _forms(message.string):
            names = set(PLACEHOLDER.findall(text))
            assert names <= allowed, f"{language}: {text}"
            assert allowed - names <= {"n", "num"}, f"{language}: {text}"  # "one mention" may be words alone
            assert text.count("%") == len(PLACEHOLDER.findall(text)) + 2 * text.count("%%"), (
                f"{language}: {text}"
            )


def test_the_compiled_file_is_that_of_the_text(room: str, language: str) -> None:
    with (ROOMS[room] / f"translations/{language}/LC_MESSAGES/{room}.mo").open("rb") as stream:
        compiled = {_forms(message.id): _forms(message.string) for message in read_mo(stream) if message.id}
    fresh = io.BytesIO()
    write_mo(fresh, catalogue(room, language))
    fresh.seek(0)
    assert compiled == {
        _forms(message.id): _forms(message.string) for message in read_mo(fresh) if message.id
    }


def test_nothing_is_guessed_or_left_over(room: str, language: str) -> None:
    found = catalogue(room, language)
    assert [message.id for message in found if message.id and message.fuzzy] == []
    assert list(found.obsolete) == []


def methods() -> tuple[list[tuple[str, str]], dict[str, dict[str, str]]]:
    """Return how `make i18n` extracts: (pattern, method) in order, and the options of each pattern."""
    with (Path(__file__).parents[1] / "pyproject.toml").open("rb") as file:
        mappings = tomllib.load(file)["tool"]["babel"]["mappings"]
    found = [(one.pop("pattern"), one.pop("method")) for one in mappings]
    return found, {pattern: one for (pattern, _), one in zip(found, mappings, strict=True) if one}


def _extracted(folder: Path) -> set[object]:
    """Return what `make i18n` would extract. Raises for a template that cannot be read."""
    methods_, options = methods()
    found = extract_from_dir(str(folder), method_map=methods_, options_map=options, keywords=KEYWORDS)
    return {message for _file, _line, message, *_more in found}


def _forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)
