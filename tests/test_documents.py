"""What the documents say is so: links lead somewhere, commands and settings exist, and all settings are told."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from listener.channels import KINDS, channel_type
from listener.channels.base import Channel
from web.cli import cli
from web.settings import OUTSIDE, PREFIX, known

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
QUOTED = re.compile(r"^```.*?^```|`[^`\n]+`", flags=re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[|(&`=/ ])allears (?!&&)((?:[^`|#\\\n]|\\\n)+)")
VARIABLE = re.compile(r"\bALLEARS_[A-Z_]+\b")
EXAMPLES = {"ALLEARS_SECTION__KEY"}


def quoted(page: Path) -> str:
    """Return the code of a page, blocks and words."""
    return "\n".join(QUOTED.findall(page.read_text(encoding="utf-8")))


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield (page, words after `allears`) for every command that a page shows."""
    for page in PAGES:
        for line in COMMAND.findall(quoted(page)):
            yield page.name, shlex.split(line.replace("\\\n", " "))


def fault(words: list[str]) -> str | None:
    """Return what is wrong with a command line, None when its commands and options exist."""
    command: click.Command = cli
    context = click.Context(cli)
    words = list(words)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"there is no command {words[0]!r}"
        command = found
        words.pop(0)
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options |= {"--help", "--version"}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    return f"there is no option {unknown[0]}" if unknown else None


def test_commands_exist() -> None:
    shown = list(commands())
    assert len(shown) > 20, "the pattern finds too few"
    wrong = [f"{page}: allears {' '.join(words)}: {why}" for page, words in shown if (why := fault(words))]
    assert wrong == []


@pytest.mark.parametrize("words", [["brnd", "add"], ["brand", "ad", "X"], ["run", "--prot", "1"]])
def test_a_wrong_command_is_noticed(words: list[str]) -> None:
    assert fault(words)


def test_settings_that_are_told_exist_and_all_are_told() -> None:
    real = {PREFIX + key.upper().replace(".", "__") for key in known()}
    told = set(VARIABLE.findall((ROOT / "docs/settings.md").read_text(encoding="utf-8")))
    assert real - told == set(), "missing in docs/settings.md"
    everywhere = {name for page in PAGES for name in VARIABLE.findall(page.read_text(encoding="utf-8"))}
    invented = {
        name for name in everywhere - real - OUTSIDE - EXAMPLES if not name.startswith("ALLEARS_TEST_")
    }
    assert {name for name in invented if not any(one.startswith(name) for one in real)} == set()


def test_make_targets_exist() -> None:
    targets = set(
        re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    told = {
        word
        for page in PAGES
        for word in re.findall(r"`make ([a-z0-9-]+)`", page.read_text(encoding="utf-8"))
    }
    assert told - targets == set()


def links(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r"src(?:set)?=\"([^\"]+)\"", text)


def test_links_lead_somewhere() -> None:
    inside = [(page, target) for page in PAGES for target in links(page) if "://" not in target]
    assert len(inside) > 10, "the pattern finds too few"
    broken = [(page.name, target) for page, target in inside if not (page.parent / target).exists()]
    assert broken == []


def test_the_table_of_channels_says_what_each_kind_does() -> None:
    said = {}
    for line in (ROOT / "docs" / "channels.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) == 8 and cells[0] in KINDS:
            said[cells[0]] = [cell == "yes" for cell in cells[1:7]]
    for kind in KINDS:
        channel = channel_type(kind)
        if not channel.__module__.startswith("listener."):
            continue  # another test's own
        does = [
            True,
            channel.replies,
            channel.find is not Channel.find,
            channel.refreshes > 0,
            channel.receives,
            channel.stream is not Channel.stream,
        ]
        assert said.get(kind) == does, kind
