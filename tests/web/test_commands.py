"""The command line as scripts use it: exit codes, one clear line, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

POSTS = """id,text,author,posted_at
1,acme is down,ann,2026-11-25T08:00:00Z
2,,ben,2026-11-25T08:00:00Z
3,acme is great,cy,yesterday
4,nothing about it,dee,2026-11-25T09:00:00Z
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert run(tmp_path, "db", "upgrade").returncode == 0
    assert run(tmp_path, "brand", "add", "Acme", "--query", "acme").returncode == 0
    return tmp_path


def run(home: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("ALLEARS_")}
    return subprocess.run(
        [sys.executable, "-m", "web", *args], env=known | {"ALLEARS_HOME": str(home)} | environment,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    for part in said:
        assert part in done.stderr + done.stdout


def test_bad_input_is_named_and_says_what_to_do(home: Path) -> None:
    refused(run(home, "brand", "add", "B", "--query", "b AND (c OR"), "character 7", "parenthesis", "^")
    refused(run(home, "source", "add", "nosuch", "--name", "X", "--brand", "Acme"), "nosuch", "mastodon")
    refused(
        run(home, "source", "add", "feed", "--name", "X", "--brand", "Acme", "--set", "urls=x"),
        "urls", "it has: ",
    )  # fmt: skip
    refused(
        run(home, "import", "none.csv", "--brand", "Acme", "--channel", "file"), "none.csv", "cannot be read"
    )
    refused(run(home, "source", "list", ALLEARS_MALE__HOST="x"), "ALLEARS_MALE__HOST", "ALLEARS_MAIL__HOST")
    (home / "allears.toml").write_text('publik_url = "x"\n')
    refused(run(home, "source", "list"), "publik_url", "public_url")


def test_an_import_keeps_every_good_row_and_names_the_others(home: Path) -> None:
    (home / "posts.csv").write_text(POSTS)
    done = run(home, "import", str(home / "posts.csv"), "--brand", "Acme", "--channel", "file", "--json")
    refused(done)
    told = json.loads(done.stdout)
    assert (told["read"], told["new"]) == (4, 2)
    assert [row["line"] for row in told["rejected"]] == [3, 4]
    exported = run(home, "export", "mentions", "--format", "jsonl")
    assert [json.loads(line)["external_id"] for line in exported.stdout.splitlines()] == ["1", "4"]


def test_brands_are_listed_with_their_queries(home: Path) -> None:
    told = json.loads(run(home, "brand", "list", "--json").stdout)
    assert [(row["name"], row["queries"]) for row in told] == [("Acme", ["acme"])]


def test_check_fails_when_something_will_not_work(home: Path) -> None:
    run(
        home,
        "source",
        "add",
        "feed",
        "--name",
        "News",
        "--brand",
        "Acme",
        "--set",
        "url=http://127.0.0.1:9/f.xml",
    )
    done = run(home, "check", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["ok"] is False
    assert [row["what"] for row in told["checks"] if not row["ok"]] == ["source News"]
    run(home, "source", "pause", "News")
    assert run(home, "check").returncode == 0


def test_a_database_of_a_newer_version_is_left_alone(home: Path) -> None:
    import sqlite3

    database = sqlite3.connect(home / "allears.db")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()
    for command in (("db", "upgrade"), ("alert", "list"), ("run", "--port", "0")):
        refused(run(home, *command), "9999", "newer version")
