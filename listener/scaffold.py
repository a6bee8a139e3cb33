"""A new channel in four files: written from `listener/template`, working and tested before anything is changed in it.

For people who work on All Ears itself, in a checkout. Nothing is written unless all of it can be.
"""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from listener.channels import KINDS
from listener.errors import ListenerError

TEMPLATES = Path(__file__).parent / "template"
REGISTRY = Path("listener/channels/__init__.py")
FILES = {
    "channel.txt": "listener/channels/{kind}.py",
    "room.txt": "tests/listener/channels/{kind}_room.py",
    "test.txt": "tests/listener/channels/test_{kind}.py",
}
_LAST_LINE = re.compile(r'(    "\w+": "listener\.channels\.[\w.]+:\w+",\n)(?=\})')
_IMPORTS = re.compile(r"(?m)^(?:from listener\.channels\.\w+ import [^(\n]+\n){2,}")


class ScaffoldError(ListenerError):
    """A channel that cannot be begun here; the text says what to do."""


def new(kind: str, *, title: str | None = None, root: Path) -> list[Path]:
    """Write a channel of that kind into the checkout at `root`; return its four files, relative to it.

    Raises ScaffoldError for a name that cannot be one or is taken, a folder that is no checkout, a file that is there.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]{1,19}", kind) or keyword.iskeyword(kind):
        message = f"{kind!r} is no kind: 2 to 20 small letters and digits, as in googleplay"
        raise ScaffoldError(message)
    title = " ".join((title or kind.capitalize()).split())
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 .&+-]{0,29}", title):
        message = f"{title!r} is no title: how people write the platform's name, at most 30 letters"
        raise ScaffoldError(message)
    registry = root / REGISTRY
    if not registry.is_file() or not (root / "tests/listener/channels").is_dir():
        message = f"{root} is no checkout of All Ears: run it in the folder that holds listener and tests"
        raise ScaffoldError(message)
    registered = registry.read_text(encoding="utf-8")
    if kind in KINDS or f'"{kind}":' in registered:
        message = f"there is a channel {kind!r} already"
        raise ScaffoldError(message)
    name = _class_name(title, kind)
    line = f'    "{kind}": "listener.channels.{kind}:{name}",\n'
    added, count = _LAST_LINE.subn(lambda found: found[1] + line, registered)
    if count != 1:
        message = f"{REGISTRY} has no list of channels that could be added to; add this line by hand: {line.strip()}"
        raise ScaffoldError(message)
    texts = {Path(where.format(kind=kind)): _filled(file, kind, name, title) for file, where in FILES.items()}
    there = [str(path) for path in texts if (root / path).exists()]
    if there:
        message = f"{', '.join(there)} is there already; move it away first"
        raise ScaffoldError(message)
    for path, text in texts.items():
        (root / path).write_text(text, encoding="utf-8")
    registry.write_text(added, encoding="utf-8")
    return [*texts, REGISTRY]


def _class_name(title: str, kind: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", title)
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name.isidentifier() and name.lower() == kind else kind.capitalize()


def _filled(file: str, kind: str, name: str, title: str) -> str:
    text = (TEMPLATES / file).read_text(encoding="utf-8")
    text = text.replace("newkind", kind).replace("NewKind", name).replace("New Kind", title)
    return _IMPORTS.sub(lambda found: "".join(sorted(found[0].splitlines(keepends=True))), text)
