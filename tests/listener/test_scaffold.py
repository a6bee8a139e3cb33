"""A new channel in four files: written into a copy of the checkout, it is green out of the box."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from listener import scaffold
from listener.channels import KINDS
from listener.cli import channel
from listener.scaffold import ScaffoldError

ROOT = Path(__file__).parents[2]
COPIED = ("listener", "tests", "pyproject.toml")
LINKED = ("alerts", "sentiment", "web")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a checkout as the command looks at."""
    for folder in ("listener/channels", "tests/listener/channels"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / scaffold.REGISTRY, tmp_path / scaffold.REGISTRY)
    return tmp_path


def files(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*.py")}


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=root, env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_it_passes_the_contract_and_its_own_tests(tmp_path: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    for name in LINKED:
        (tmp_path / name).symlink_to(ROOT / name)
    words = ["channel", "new", "acmeforum", "--title", "Acme Forum", "--dir", str(tmp_path)]
    done = run(tmp_path, "web", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:4] == [
        "written listener/channels/acmeforum.py",
        "written tests/listener/channels/acmeforum_room.py",
        "written tests/listener/channels/test_acmeforum.py",
        "changed listener/channels/__init__.py",
    ]
    new = [line.split()[1] for line in done.stdout.splitlines()[:4]]
    linted = run(tmp_path, "ruff", "check", "--no-cache", *new)
    assert linted.returncode == 0, linted.stdout
    tests = ["tests/contract", "tests/listener/channels/test_acmeforum.py", "tests/listener/test_said.py"]
    words = ["acmeforum or every_kind or (every_message and listener)", "tests/test_translations.py", *tests]
    tried = run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "-k", *words)
    assert tried.returncode == 0, tried.stdout[-3000:]
    passed = re.search(r"(\d+) passed", tried.stdout)
    assert passed is not None
    assert int(passed[1]) >= 30, "the contract did not run over it"


@pytest.mark.parametrize(
    ("kind", "title", "name"),
    [
        ("zulip", None, "Zulip"),
        ("g2reviews", "G2 Reviews", "G2Reviews"),
        ("a" * 20, "Another Name & more", "A" + "a" * 19),
    ],
)
def test_names_fit_into_the_files(checkout: Path, kind: str, title: str | None, name: str) -> None:
    scaffold.new(kind, title=title, root=checkout)
    text = (checkout / f"listener/channels/{kind}.py").read_text()
    assert f"class {name}(Channel[{name}Options])" in text
    assert f'title: ClassVar[str] = "{title or name}"' in text
    assert f'    "{kind}": "listener.channels.{kind}:{name}",\n' in (checkout / scaffold.REGISTRY).read_text()
    for path, text in files(checkout).items():
        assert "newkind" not in text.lower(), path
        compile(text, path, "exec")
        assert max(map(len, text.splitlines())) <= 120, path


def test_a_title_that_would_break_the_files_is_refused(checkout: Path) -> None:
    with pytest.raises(ScaffoldError, match="is no title"):
        scaffold.new("vk", title='VK" or "', root=checkout)


@pytest.mark.parametrize("kind", ["Forum", "my_forum", "x", "1forum", "class", "../../x", "a" * 21])
def test_a_name_that_is_none_is_refused(checkout: Path, kind: str) -> None:
    before = files(checkout)
    with pytest.raises(ScaffoldError, match="is no kind"):
        scaffold.new(kind, root=checkout)
    assert files(checkout) == before


def test_nothing_is_overwritten_and_nothing_is_half_written(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="already"):
        scaffold.new("mastodon", root=checkout)
    (checkout / "tests/listener/channels/zulip_room.py").write_text("mine\n")
    before = files(checkout)
    with pytest.raises(ScaffoldError, match=r"zulip_room\.py is there already"):
        scaffold.new("zulip", root=checkout)
    assert files(checkout) == before
    (checkout / scaffold.REGISTRY).write_text("KINDS = {}\n")
    with pytest.raises(ScaffoldError, match="by hand"):
        scaffold.new("vk", root=checkout)
    with pytest.raises(ScaffoldError, match="no checkout"):
        scaffold.new("vk", root=tmp_path / "listener")


def test_the_kinds_are_listed() -> None:
    said = CliRunner().invoke(channel, ["list"]).output
    assert len(said.splitlines()) == len(KINDS)
    assert "email: E-mail, listens, replies" in said
    assert "webhook: Webhook, listens, replies, takes webhooks" in said
