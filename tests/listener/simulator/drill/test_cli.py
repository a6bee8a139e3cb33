"""`allears sim serve` with a drill: the scorecard at the end and at Ctrl-C, on the terminal and in a file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from listener.simulator.cli import sim

FAST = ("serve", "--scenario", "crisis", "--port", "0", "--speed", "50000", "--platform", "mastodon",
        "--platform", "feed", "--platform", "hackernews")  # fmt: skip


def test_the_scorecard_is_printed_when_the_drill_is_over(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    done = CliRunner().invoke(sim, [*FAST, "--leave", "--scorecard", str(file)])
    assert done.exit_code == 0, done.output
    assert "Scorecard of the drill crisis: 2 h 30 of 2 h 30\n" in done.output
    assert "Missed: 52\n" in done.output
    card = json.loads(file.read_text(encoding="utf-8"))
    assert card["over"] is True
    assert len(card["missed"]) == card["total"]["missed"] == 52


def test_it_says_how_to_listen() -> None:
    done = CliRunner().invoke(sim, [*FAST, "--hold", "--leave"])
    assert done.exit_code == 0, done.output
    [allowed] = [line for line in done.output.splitlines() if "ALLEARS_NETWORK__ALLOW" in line]
    assert allowed.startswith("  export 'ALLEARS_NETWORK__ALLOW=[\"127.0.0.1:")
    assert "/_sim/listen | sh\n" in done.output


def test_ctrl_c_prints_what_there_is() -> None:
    command = (sys.executable, "-m", "web", "sim", "serve", "--scenario", "crisis", "--port", "0",
               "--platform", "mastodon", "--platform", "feed", "--platform", "hackernews")  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while "/_sim/listen" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Scorecard of the drill crisis: " in rest
    assert " of 2 h 30 (not over yet)\n" in rest
    assert rest.rstrip().endswith("Stopped.")


def test_a_week_has_no_scorecard() -> None:
    done = CliRunner().invoke(sim, ["serve", "--scenario", "quiet", "--port", "0", "--leave"])
    assert done.exit_code == 2
    assert "are for drills; quiet is none" in " ".join(done.output.split())


def test_a_drill_that_does_not_run_by_itself_can_still_be_asked() -> None:
    done = CliRunner().invoke(sim, [*FAST, "--no-live", "--leave"])
    assert done.exit_code == 0
    assert "Scorecard" not in done.output
