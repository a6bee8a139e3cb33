"""What is installed: the four rooms with all their files and nothing else, on packages that are declared and pinned."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
ROOMS = ("listener", "sentiment", "alerts", "web")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]

# Declared although no line of ours imports them.
UNSEEN = {
    "gunicorn": "a server that people start by its own command",
    "tzdata": "read by zoneinfo where the system has no time zones",
    "praw": "channel reddit, planned; part of the fixed choice of libraries",
    "tweepy": "channel x, planned; part of the fixed choice of libraries",
    "psycopg": "loaded by SQLAlchemy from the database's URL",
    "redis": "loaded by the queue engine from the queue's URL",
    "pika": "loaded by the queue engine from the queue's URL",
}


def requirements(*extras: str) -> list[Requirement]:
    """Return the default requirements, or those of the named extras."""
    lines = [line for extra in extras for line in EXTRAS[extra]] if extras else PROJECT["dependencies"]
    return [Requirement(line) for line in lines if not line.startswith("allears")]


def names(*extras: str) -> set[str]:
    """Return the distributions of `requirements`."""
    return {canonicalize_name(requirement.name) for requirement in requirements(*extras)}


@cache
def distributions() -> dict[str, set[str]]:
    """Return top-level import name → distributions that may hold it."""
    return {
        module: {canonicalize_name(name) for name in found}
        for module, found in metadata.packages_distributions().items()
    }


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Yield (top-level module of others, line) for every import of a file, those inside functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules = [node.module]
        else:
            continue
        for module in modules:
            top = module.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in {*ROOMS, "tests", "benchmarks"}:
                yield top, node.lineno


def used(*folders: str) -> dict[str, list[str]]:
    """Return top-level module → the places that import it."""
    places: dict[str, list[str]] = {}
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for module, line in imports(file):
                places.setdefault(module, []).append(f"{file.relative_to(ROOT)}:{line}")
    return places


def owners(module: str) -> set[str]:
    """Return the distributions of a module; by its own name when it is not installed (an extra)."""
    return distributions().get(module, {canonicalize_name(module)})


@pytest.mark.parametrize(
    ("folders", "extras"),
    [
        (("listener", "alerts", "web", "sentiment"), ("postgres", "redis", "rabbitmq", "model")),
        (("tests",), ("dev", "postgres", "redis", "rabbitmq", "model")),
    ],
    ids=["rooms", "tests"],
)
def test_every_import_is_declared(folders: tuple[str, ...], extras: tuple[str, ...]) -> None:
    declared = names() | names(*extras)
    missing = {
        module: places
        for module, places in used(*folders).items()
        if not owners(module) & declared and module != "packaging"
    }
    assert missing == {}


def test_every_default_dependency_is_used() -> None:
    seen = {name for module in used(*ROOMS) for name in owners(module)}
    assert names() - seen - set(UNSEEN) == set(), "declared but never imported"


def test_the_default_install_has_no_torch() -> None:
    assert names() & {"torch", "transformers", "onnx", "scikit-learn"} == set()


def test_pins_cover_and_fit_the_ranges() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            pins[canonicalize_name(name)] = version
    wanted = requirements() + requirements(*EXTRAS)
    assert {canonicalize_name(one.name) for one in wanted} - set(pins) == set()
    misfit = [str(one) for one in wanted if not one.specifier.contains(pins[canonicalize_name(one.name)])]
    assert misfit == []


def test_version_is_told_once() -> None:
    assert metadata.version("allears") == PROJECT["version"], "install again: make install"
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built without network from a copy of the files that belong to the project."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout: which files belong to the project is not known")
    source = tmp_path_factory.mktemp("source")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    code = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", code, str(source)],
        cwd=source,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONWARNINGS": ""},
    )
    return zipfile.ZipFile(next(source.glob("*.whl")))


def tracked() -> list[str]:
    """Return the files under version control that are there."""
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    return [name for name in run.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_wheel_holds_the_rooms_with_all_their_files(wheel: zipfile.ZipFile) -> None:
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    ours = {name for name in tracked() if name.startswith(tuple(f"{room}/" for room in ROOMS))}
    assert ours - inside == set(), "not installed"
    assert inside - ours == set(), "installed but not of the rooms"


def test_the_wheel_offers_the_command(wheel: zipfile.ZipFile) -> None:
    entry = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "allears = web.cli:main" in wheel.read(entry).decode()
