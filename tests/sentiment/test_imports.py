"""Default scoring works where torch and transformers cannot be imported."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "sklearn", "onnx"}:
            raise ImportError(f"{name} must not be needed")

sys.meta_path.insert(0, Refuse())
from click import Group
from sentiment.cli import model, score
Group("allears", commands={"score": score, "model": model})()
"""


def test_scoring_needs_neither_torch_nor_transformers() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "score"],
        input="text\nMy account was hacked and my card is being charged\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["urgency"]["level"] >= 2


def test_training_without_them_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "model", "train", "--base", ".", "--data", ".", "--out", "never"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "pip install 'allears[model]'" in done.stderr
