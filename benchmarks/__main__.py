"""`python -m benchmarks [NAME …]`: run the benchmarks and print one table. Exit code 1 when a goal is missed.

Each benchmark runs in a process of its own, so that memory is its own and one that breaks does not end the others.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import subprocess
import sys
import time
from pathlib import Path

import benchmarks
from benchmarks import Row

ROOT = Path(__file__).parents[1]
MARK = "rows: "  # what a child prints before its result


def main() -> int:
    """Read the arguments, run, print."""
    known = sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")
    )
    known = [name for name in known if hasattr(importlib.import_module(f"benchmarks.{name}"), "rows")]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}; default: all")
    parser.add_argument("--json", action="store_true", help="print the rows as one JSON document")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(MARK + json.dumps(list(importlib.import_module(f"benchmarks.{given.child}").rows())))
        return 0
    unknown = sorted(set(given.names) - set(known))
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(known)}")
    rows: list[Row] = []
    broken: list[str] = []
    for name in given.names or known:
        began = time.monotonic()
        print(f"{name} ...", end=" ", flush=True, file=sys.stderr)
        found = measure(name)
        print(f"{time.monotonic() - began:.0f} s" if found is not None else "BROKE", file=sys.stderr)
        if found is None:
            broken.append(name)
        rows += found or []
    print(
        json.dumps([row._asdict() for row in rows], ensure_ascii=False, indent=1)
        if given.json
        else table(rows)
    )
    missed = [row.name for row in rows if row.met is False]
    for what, names in (("missed", missed), ("broke", broken)):
        if names:
            print(f"{what}: {', '.join(names)}", file=sys.stderr)
    return 1 if missed or broken else 0


def measure(name: str) -> list[Row] | None:
    """Run one benchmark in a process of its own. Return its rows, None when it broke (it has said why)."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--child", name],
        cwd=ROOT,
        env={**os.environ, "ALLEARS_LOG__LEVEL": "error"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    lines = [line for line in run.stdout.splitlines() if line.startswith(MARK)]
    if run.returncode or not lines:
        return None
    return [Row(*row) for row in json.loads(lines[-1].removeprefix(MARK))]


def table(rows: list[Row]) -> str:
    """Lay the rows out as text."""
    cells = [("what", "figure", "unit", "goal", "met")]
    for row in rows:
        digits = 0 if row.figure >= 100 or float(row.figure).is_integer() else 2  # noqa: PLR2004 - readable numbers
        met = "" if row.met is None else ("yes" if row.met else "NO")
        cells.append((row.name, f"{row.figure:,.{digits}f}", row.unit, row.goal, met))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    lines = []
    for what, figure, unit, goal, met in cells:
        line = f"{what:<{widths[0]}}  {figure:>{widths[1]}}  {unit:<{widths[2]}}  {goal:<{widths[3]}}  {met}"
        lines.append(line.rstrip())
    return "\n".join([*lines, "", machine])


if __name__ == "__main__":
    sys.exit(main())
