"""Nobody pays for what is not used: which heavy packages are *not* loaded, each case in a fresh interpreter."""

import json
import subprocess
import sys

import pytest

# Refuses an import as if the package were not installed.
WITHOUT = """
import importlib.abc, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""
HEAVY = {
    "apprise",
    "dramatiq",
    "flask",
    "mastodon",
    "matplotlib",
    "onnxruntime",
    "praw",
    "sklearn",
    "tokenizers",
    "torch",
    "transformers",
    "tweepy",
}
MODEL = {"onnxruntime", "tokenizers", "torch", "transformers"}


def loaded(code: str, *, without: set[str] = frozenset()) -> set[str]:
    """Run code in a fresh interpreter. Return the top-level packages that are loaded at its end."""
    refuse = WITHOUT.format(names=without) if without else ""
    tell = "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    run = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", refuse + code + tell],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_help_loads_nothing_heavy() -> None:
    code = (
        "from click.testing import CliRunner\n"
        "from web.cli import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
    )
    assert loaded(code) & HEAVY == set()


def test_pages_load_no_model_no_charts_and_no_platform() -> None:
    assert loaded("import web.app") & (HEAVY - {"flask"}) == set()


def test_the_registry_of_channels_loads_no_platform() -> None:
    assert loaded("import listener.channels") & {"mastodon", "praw", "tweepy", "feedparser"} == set()


def test_a_worker_that_polls_loads_no_model_and_no_pages() -> None:
    assert loaded("import listener.collect") & (MODEL | {"flask", "matplotlib"}) == set()


@pytest.mark.parametrize("text", ["My account was hacked and nobody answers", "Mon colis est en retard"])
def test_the_shipped_model_scores_without_torch_and_transformers(text: str) -> None:
    code = (
        "from sentiment.reader import Reader\n"
        f"scores = Reader.load('default').read([{text!r}])\n"
        "assert len(scores) == 1\n"
    )
    missing = {"torch", "transformers", "onnx", "sklearn"}
    assert loaded(code, without=missing) & missing == set()
