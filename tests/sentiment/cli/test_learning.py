"""`allears model train --from-corrections`, `budget` and `rescore`: what the team's work teaches the model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sentiment import choice, corrections
from sentiment.budget import Outcome
from sentiment.cli import model
from sentiment.reader import Reader

# by the guideline a request for a brochure is normal; this team wants them answered at once
TEACH = [f"{word}, please send the brochure of the {thing} to me" for word in ("Hello", "Hi", "Dear team", "Good day")
         for thing in ("garden shed", "blue sofa", "kitchen", "bicycle", "tent", "piano", "roof")]  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALLEARS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str, obj: object = None) -> Result:
    return CliRunner().invoke(model, list(arguments), obj=obj)


def taught(folder: Path) -> Path:
    path = folder / "corrections.csv"
    path.write_text("text,lang,urgency\n" + "".join(f'"{text}",en,2\n' for text in TEACH), encoding="utf-8")
    return path


def test_corrections_are_learned_used_and_rolled_back(home: Path, tmp_path: Path, reader: Reader) -> None:
    done = run("train", "--from-corrections", "--corrections", str(taught(tmp_path)))
    assert done.exit_code == 0, done.output
    assert "28 of urgency" in done.stderr
    used = choice.chosen(home)
    own = Reader.load(used, threads=1)
    assert own.name.startswith(reader.name + "+team")
    text = "Good morning, please send the brochure of the tables to me"
    (before,), (after,) = (each.read([text], reasons=False) for each in (reader, own))
    assert after.urgency.score > before.urgency.score
    assert after.vector == before.vector
    assert sum(path.stat().st_size for path in Path(used).iterdir()) < 100_000
    assert run("info", "--json").exit_code == 0
    again = run("train", "--from-corrections", "--corrections", str(taught(tmp_path)), "--no-use")
    assert again.exit_code == 0, again.output  # on top of the shipped model again, not of the corrected one
    assert choice.chosen(home) == used
    assert run("use", "--previous").exit_code == 0
    assert choice.chosen(home) == "default"


def test_corrections_of_the_fast_model_stay_with_it(home: Path, tmp_path: Path) -> None:
    choice.choose(home, "fast")
    done = run("train", "--from-corrections", "--corrections", str(taught(tmp_path)))
    assert done.exit_code == 0, done.output
    own = Path(choice.chosen(home))
    assert json.loads((own / "config.json").read_text(encoding="utf-8"))["base"]["folder"] == "fast"
    assert Reader.load(str(own), threads=1).name.startswith("allears-fast-")


def test_what_makes_the_reference_worse_is_not_used(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrections, "worse", lambda before, after: ["urgency 0.900 -> 0.500"])
    done = run("train", "--corrections", str(taught(tmp_path)))
    assert done.exit_code == 1
    assert "nothing was changed" in done.stderr
    assert choice.chosen(home) == "default"
    assert not (home / "models").exists()


def test_too_few_corrections(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("text,urgency\nhello,2\n", encoding="utf-8")
    done = run("train", "--from-corrections", "--corrections", str(path))
    assert done.exit_code == 1
    assert "at least 5" in done.stderr


def test_without_a_database_it_says_so() -> None:
    for arguments in (("train", "--from-corrections"), ("budget", "--false-alarms", "2"), ("rescore",)):
        done = run(*arguments)
        assert done.exit_code == 1
        assert "needs the database" in done.stderr


def test_train_wants_its_folders() -> None:
    assert run("train", "--base", ".").exit_code == 2


class Stored:
    """An application with outcomes of two days."""

    def outcomes(self, since: object) -> list[Outcome]:
        assert since
        return [Outcome(0.9, mattered=True), Outcome(0.6, mattered=False), Outcome(0.4, mattered=True)]


def test_a_budget_becomes_a_threshold(home: Path) -> None:
    found = json.loads(run("budget", "--false-alarms", "0", "--days", "2", "--json", obj=Stored()).stdout)
    assert (found["threshold"], found["judged"], found["false_alarms"]) == (0.61, 3, 0)
    assert choice.alert_threshold(home) is None
    shown = run("budget", "--false-alarms", "1", "--days", "2", "--save", obj=Stored())
    assert "0.05" in shown.stdout
    assert choice.alert_threshold(home) == 0.05
    assert choice.alert_threshold(home, 0.7) == 0.7
    assert run("use", "default").exit_code == 0
    assert choice.alert_threshold(home) == 0.05


def test_a_budget_from_a_labelled_file(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text(
        "text,urgency\nMy card was stolen and is being used!,3\nLovely coffee,0\n", encoding="utf-8"
    )
    found = json.loads(run("budget", str(path), "--false-alarms", "0", "--days", "1", "--json").stdout)
    assert found["mentions"] == found["judged"] == 2
    assert found["caught"] == 1


def test_a_threshold_moves_the_level_and_nothing_else(reader: Reader) -> None:
    text = "The parcel is a week late and nobody answers my mails"
    (plain,) = reader.read([text], reasons=False)
    for threshold, alert in ((0.001, True), (1.0, False)):
        (found,) = Reader.load(threads=1, alert_threshold=threshold).read([text], reasons=False)
        assert (found.urgency.level >= 2) is alert
        assert found.urgency.score == plain.urgency.score
