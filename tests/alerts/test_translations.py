"""Catalogues of the alerts room: complete, compiled, and their placeholders kept."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import alerts

ROOM = Path(alerts.__file__).parent
LANGUAGES = ("fr", "ru", "he")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def catalogue(language: str) -> Catalog:
    with (ROOM / f"translations/{language}/LC_MESSAGES/alerts.po").open("rb") as stream:
        return read_po(stream, locale=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_of_the_room_is_translated(language: str) -> None:
    methods = [("**.py", "python"), ("**/templates/**", "jinja2")]
    options = {"**/templates/**": {"silent": "false"}}  # a template that cannot be read is an error
    used = {found[2] for found in extract_from_dir(str(ROOM), method_map=methods, options_map=options)}
    there = {message.id for message in catalogue(language) if message.id and all(_forms(message.string))}
    assert used, "nothing was extracted"
    assert used - there == set()
    assert there - used == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language: str) -> None:
    for message in catalogue(language):
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_that_of_the_text(language: str) -> None:
    with (ROOM / f"translations/{language}/LC_MESSAGES/alerts.mo").open("rb") as stream:
        compiled = {_forms(message.id): _forms(message.string) for message in read_mo(stream) if message.id}
    fresh = io.BytesIO()
    write_mo(fresh, catalogue(language))
    fresh.seek(0)
    assert compiled == {
        _forms(message.id): _forms(message.string) for message in read_mo(fresh) if message.id
    }


def _forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)
