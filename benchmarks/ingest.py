"""How fast posts are read, cleaned, de-duplicated and stored: `allears import` of a CSV file into SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks import Row
from benchmarks._home import home
from benchmarks._posts import write_csv

ROWS = 20_000
GOAL = 2_000  # mentions a second


def rows() -> Iterator[Row]:
    """Import a file with one repeated line in five, then the same file again."""
    with home() as place:
        file = place.folder / "posts.csv"
        different = write_csv(file, ROWS)
        place.run("brand", "add", "Acme", "--query", "acme")
        command = ("import", str(file), "--brand", "Acme", "--channel", "file", "--no-alerts", "--json")
        printed, seconds = place.run(*command)
        first = json.loads(printed)
        if first["new"] != different:
            message = f"{different} different posts, but {first['new']} were new"
            raise AssertionError(message)
        yield Row(
            "import, new posts", ROWS / seconds, "mentions/s", f"≥ {GOAL:,}", met=ROWS / seconds >= GOAL
        )
        printed, seconds = place.run(*command)
        if json.loads(printed)["new"]:
            message = "the second import found new posts"
            raise AssertionError(message)
        yield Row(
            "import, all seen before", ROWS / seconds, "mentions/s", f"≥ {GOAL:,}", met=ROWS / seconds >= GOAL
        )
