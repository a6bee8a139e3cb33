"""Scenarios: folders of TOML files of our own writing, read and checked here, and put into a world.

`<name>/world.toml` has the brand; every other file of the folder has a language with its people, posts, articles.
Moments are written as how long before the start they were ("2d4h", "35m"). Posts with `after` instead of `ago` belong
to a drill: they arrive while it runs (see `drill.plan`).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from listener.simulator.errors import SimulatorError

FOLDER = Path(__file__).parent / "scenarios"
POOL = "pool"
_AGO = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "ago": str, "by": str, "text": str, "id": str, "re": str, "boost": str, "spoiler": str, "visibility": str,
    "edit": str, "edit_after": str, "gone": bool, "gone_after": str, "dated": str, "likes": int,
    "after": str, "on": (str, list), "title": str, "rating": int, "place": str, "then": str, "truth": dict,
}  # fmt: skip


@dataclass(slots=True)
class Script:
    """One scenario as read: what the loader puts into a world."""

    name: str
    title: str
    brand: dict[str, Any]
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    posts: list[dict[str, Any]] = field(default_factory=list)
    news: list[dict[str, Any]] = field(default_factory=list)
    hackernews: list[dict[str, Any]] = field(default_factory=list)
    burst: int = 0
    drill: dict[str, Any] | None = None
    arrivals: list[dict[str, Any]] = field(default_factory=list)


def names() -> list[str]:
    """Return the scenarios there are."""
    return sorted(folder.parent.name for folder in FOLDER.glob("*/world.toml"))


def read(name: str) -> Script:
    """Read a scenario. Raises SimulatorError: there is none of that name, or a file is not as it should be."""
    if name not in names():
        raise SimulatorError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    world = load(FOLDER / name / "world.toml")
    script = Script(
        name, world["title"], world["brand"], burst=world.get("burst", 0), drill=world.get("drill")
    )
    script.people[world["brand"]["handle"]] = {"name": world["brand"]["name"], "language": "en"}
    for file in sorted((FOLDER / name).glob("*.toml")):
        if file.name != "world.toml":
            _add(script, file)
    _check_links(script)
    return script


def load(file: Path) -> dict[str, Any]:
    """Read one TOML file. Raises SimulatorError naming file and place."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SimulatorError(f"scenario file {file.parent.name}/{file.name}: {error}") from error


def ago(written: str) -> timedelta:
    """Return "1d2h3m" as a duration. Raises SimulatorError."""
    found = _AGO.fullmatch(written)
    if not written or found is None:
        raise SimulatorError(f"{written!r} is not a duration like 2d4h or 35m")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _add(script: Script, file: Path) -> None:
    part = load(file)
    language = part.get("language", "en")
    for handle, name in part.get("people", {}).items():
        script.people[handle] = {"name": name, "language": language}
    for number, post in enumerate(part.get("posts", []), start=1):
        _check(post, script, f"{file.parent.name}/{file.name}, post {number}")
        (script.arrivals if "after" in post else script.posts).append({**post, "language": language})
    script.news.extend(part.get("news", []))
    script.hackernews.extend(part.get("hackernews", []))


def _check(post: dict[str, Any], script: Script, where: str) -> None:
    for key, value in post.items():
        if key not in _FIELDS or not isinstance(value, _FIELDS[key]):
            raise SimulatorError(f"{where}: {key} is unknown or of the wrong type")
    if post.get("by") not in script.people:
        raise SimulatorError(f"{where}: there is nobody called {post.get('by')!r} in [people]")
    if not post.get("text") and not post.get("boost"):
        raise SimulatorError(f"{where}: text is missing")
    ago(post.get("after") or post.get("ago", ""))


def _check_links(script: Script) -> None:
    known = {post["id"] for post in script.posts if "id" in post}
    for post in script.posts:
        for key in ("re", "boost"):
            if key in post and post[key] not in known:
                raise SimulatorError(f"scenario {script.name}: {key} = {post[key]!r} is the id of no post")
