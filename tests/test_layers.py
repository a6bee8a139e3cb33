"""Who may import whom: the contracts of pyproject.toml hold, and each of them notices when it is broken."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("listener", "sentiment", "alerts", "web")

# One forbidden import per contract, as a file that a careless change would add.
BREAKS = {
    "A room imports only rooms below it": ("listener/careless.py", "import alerts\n"),
    "Only web and the simulator import flask": ("alerts/careless.py", "import flask\n"),
    "Only listener/queue.py imports the queue engine": ("web/careless.py", "import dramatiq\n"),
    "Only listener/ticks.py imports the scheduler": ("alerts/careless_too.py", "import apscheduler\n"),
    "Only listener/http/websocket.py opens WebSockets": ("listener/careless_too.py", "import websockets\n"),
    "praw and tweepy each in their one channel": ("sentiment/careless.py", "import tweepy\n"),
    "torch and transformers only where models are trained or brought along": (
        "sentiment/engine/careless.py",
        "import torch\n",
    ),
    "Channels do not import each other": (
        "listener/channels/careless.py",
        "from listener.channels import file\n",
    ),
}


def verdicts(folder: Path) -> tuple[dict[str, str], str]:
    """Run import-linter in `folder`. Return contract → KEPT or BROKEN, and all it printed."""
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    output = run.stdout + run.stderr
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", output, flags=re.MULTILINE))
    return found, output


def test_contracts_hold() -> None:
    found, output = verdicts(ROOT)
    assert set(found) == set(BREAKS), output
    assert set(found.values()) == {"KEPT"}, output


@pytest.fixture
def careless(tmp_path: Path) -> Path:
    """A copy of the rooms with one forbidden import per contract."""
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("weights", "static", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "listener/channels/file.py").touch()
    for name, text in BREAKS.values():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_contract_notices(careless: Path) -> None:
    found, output = verdicts(careless)
    assert found == dict.fromkeys(BREAKS, "BROKEN"), output
