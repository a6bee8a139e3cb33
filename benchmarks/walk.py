"""What triage costs on top of scoring: `allears score` of a file against `allears process` of the same posts."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import Row
from benchmarks._home import home
from benchmarks._posts import write_csv

POSTS = 1_500
GOAL = 0.8  # of the speed of scoring alone


def rows() -> Iterator[Row]:
    """Score a file without a database, then walk the same posts through the product."""
    with home() as place:
        file = place.folder / "posts.csv"
        write_csv(file, POSTS, repeated=0.0)
        place.run("brand", "add", "Acme", "--query", "acme")
        place.run("import", str(file), "--brand", "Acme", "--channel", "file", "--json")
        printed, alone = place.run("score", str(file), "--json")
        if len(printed.splitlines()) != POSTS:
            message = f"{POSTS} posts, but {len(printed.splitlines())} were scored"
            raise AssertionError(message)
        _, walked = place.run("process", "--once", "--json")
        yield Row("score alone", POSTS / alone, "texts/s")
        yield Row("process: score and triage", POSTS / walked, "mentions/s")
        yield Row(
            "process against score alone",
            100 * alone / walked,
            "%",
            f"≥ {GOAL:.0%}",
            met=alone / walked >= GOAL,
        )
