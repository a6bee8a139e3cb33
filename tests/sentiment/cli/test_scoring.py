"""`allears score`: one JSON object per row, in order, and clear errors."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sentiment.cli import score

KEYS = ["id", "language", "sentiment", "urgency", "category", "needs_reply", "reasons", "model"]


def run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(score, list(arguments), input=given)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_csv_with_ids_and_an_empty_text(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text('id,text\n7,"Late, again!"\nx9,\n,Danke\n', encoding="utf-8")
    found = lines(run(str(path), "--json"))
    assert [row["id"] for row in found] == ["7", "x9", 2]
    assert all(list(row) == KEYS for row in found)
    assert found[1]["sentiment"]["label"] == "neutral"
    assert found[1]["urgency"] == {"level": 0, "score": 0.0, "levels": [1.0, 0.0, 0.0, 0.0]}


def test_json_lines_from_standard_input_keep_the_type_of_the_id() -> None:
    given = b'{"id": 12, "body": "Merci !"}\n{"body": null}\n{"id": 0, "body": 5}\n'
    assert [row["id"] for row in lines(run("-", "--text-column", "body", given=given))] == [12, 1, 0]


def test_gzipped_tsv(tmp_path: Path) -> None:
    path = tmp_path / "in.tsv.gz"
    path.write_bytes(gzip.compress('lang\ttext\nuk\t"Де посилка\n'.encode()))
    (row,) = lines(run(str(path)))
    assert (row["id"], row["language"]) == (0, "uk")


def test_reasons_can_be_left_away() -> None:
    given = b"text\nMy account was hacked and my card is being charged\n"
    assert lines(run(given=given))[0]["reasons"]
    assert lines(run("--no-reasons", given=given))[0]["reasons"] == []


def test_more_than_one_batch_keeps_the_order() -> None:
    given = "text\n" + "".join(f"ok {number % 3}\n" for number in range(600))
    found = lines(run(given=given.encode()))
    assert [row["id"] for row in found] == list(range(600))


def test_no_rows() -> None:
    assert run(given=b"text\n").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (["/nowhere/in.csv"], b"", "/nowhere/in.csv: cannot be read"),
        (["-"], b"body\nx\n", "no column 'text'; there are: body"),
        (["-"], b'{"text": "a"}\n{oops\n', "standard input: line 2 is not JSON"),
        (["-", "--model", "/nowhere"], b"text\nx\n", "/nowhere"),
    ],
)
def test_bad_input(arguments: list[str], given: bytes, says: str) -> None:
    result = run(*arguments, given=given)
    assert result.exit_code == 1
    assert says in result.stderr
