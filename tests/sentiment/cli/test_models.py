"""`allears model`: what there is, which is used, how good it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sentiment import learning
from sentiment.cli import model
from sentiment.engine import weights


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALLEARS_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(model, list(arguments))


def copied(folder: Path) -> Path:
    shutil.copytree(weights.SHIPPED, folder)
    return folder


def test_use_list_and_roll_back(home: Path) -> None:
    own = copied(home / "models" / "mine")
    assert json.loads(run("list", "--json").stdout)[0]["used"]
    used = run("use", str(own))
    assert used.exit_code == 0, used.output
    rows = {row["model"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows[str(own)]["used"]
    assert not rows["default"]["used"]
    assert "default" in run("use", "--previous").stdout
    assert "* default" in run("list").stdout


def test_a_damaged_model_is_listed_as_such_and_never_used(home: Path) -> None:
    own = copied(home / "models" / "mine")
    (own / weights.CONFIG).write_text("{}", encoding="utf-8")
    refused = run("use", str(own))
    assert refused.exit_code == 1
    assert "damaged" in refused.stderr
    assert "damaged" in run("list").stdout
    assert not (home / "model.json").exists()


def test_the_fast_model_is_a_name(home: Path) -> None:
    assert run("use", "fast").exit_code == 0
    assert json.loads((home / "model.json").read_text(encoding="utf-8"))["model"] == "fast"
    assert "* fast  allears-fast-" in run("list").stdout
    assert json.loads(run("info", "--json").stdout)["version"].startswith("allears-fast-")


def test_use_wants_one_thing() -> None:
    assert run("use").exit_code == 2
    assert run("use", "default", "--previous").exit_code == 2


def test_info() -> None:
    document = json.loads(run("info", "--json").stdout)
    assert document["bytes"]["encoder.onnx"] > 1_000_000
    assert document["calibration"]["thresholds"]
    assert "thresholds" in run("info").stdout


def test_eval(tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text(
        "text,lang,channel,sentiment,urgency\n"
        "Love it thank you so much,en,tweet,positive,0\n"
        "My account was hacked and my card is being charged,en,tweet,negative,3\n",
        encoding="utf-8",
    )
    plot = tmp_path / "plot.svg"
    found = json.loads(run("eval", str(path), "--json", "--plot", str(plot)).stdout)
    assert found["overall"]["sentiment"]["accuracy"] == 1.0
    assert found["overall"]["urgency"]["criticals_caught"] == 1.0
    assert plot.read_text(encoding="utf-8").startswith("<svg")
    assert "language: en" in run("eval", str(path)).stdout


def test_a_cross_fit_needs_the_labels_it_fits(tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text("text,sentiment\nfine,positive\n", encoding="utf-8")
    refused = run("eval", str(path), "--cross-fit")
    assert refused.exit_code == 1
    assert "every row needs urgency and needs_reply" in refused.stderr


def test_a_cross_fit_reads_every_row_once(tmp_path: Path) -> None:
    document = json.loads(run("eval", str(learning.REFERENCE), "--cross-fit", "--json").stdout)
    assert document["rows"] == 90
    assert document["model"].endswith("cross-fitted")
    assert sum(map(sum, document["overall"]["urgency"]["confusion"])) == 90


@pytest.mark.parametrize(
    ("content", "says"),
    [("text\nhello\n", "no row has a label"), ("text,urgency\nhello,9\n", "line 2: urgency is '9'")],
)
def test_eval_of_an_unusable_file(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    result = run("eval", str(path))
    assert result.exit_code == 1
    assert says in result.stderr


@pytest.mark.parametrize("command", ["list", "use", "info", "train", "eval"])
def test_every_command_helps_with_an_example(command: str) -> None:
    assert f"Example: allears model {command}" in " ".join(run(command, "--help").output.split())
