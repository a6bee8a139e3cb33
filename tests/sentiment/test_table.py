"""Rows come out as they went in, and every bad line is named."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from sentiment import table
from sentiment.errors import DataError


def rows(raw: bytes, kind: str = "") -> list[tuple[int, dict[str, object]]]:
    return list(table.read(raw, "in", kind=kind))


def test_csv_with_quotes_and_line_breaks_names_the_first_line_of_each_record() -> None:
    found = rows(b'id,text\r\n1,"two\nlines, ""quoted"""\r\n2,next\r\n')
    assert found == [(2, {"id": "1", "text": 'two\nlines, "quoted"'}), (4, {"id": "2", "text": "next"})]


def test_tsv_keeps_quotation_marks_as_they_are() -> None:
    assert rows(b'id\ttext\n1\t"half quoted\n') == [(2, {"id": "1", "text": '"half quoted'})]


def test_json_lines_skip_blank_lines_and_keep_types() -> None:
    assert rows(b'{"id": 7, "text": "a"}\n\n{"id": null, "text": null}\n') == [
        (1, {"id": 7, "text": "a"}),
        (3, {"id": None, "text": None}),
    ]


def test_a_json_array_is_read_too() -> None:
    assert [record["text"] for _, record in rows(b'[{"text": "a"}, {"text": "b"}]')] == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_a_mark_are_understood(encoding: str) -> None:
    assert rows("text\nжёлтый\n".encode(encoding)) == [(2, {"text": "жёлтый"})]


def test_gzip_is_seen_by_content(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text\nhello\n"))
    assert list(table.read_file(path)) == [(2, {"text": "hello"})]


@pytest.mark.parametrize(
    ("raw", "kind", "says"),
    [
        (b'{"text": "a"}\n{bad\n', "", "line 2 is not JSON"),
        (b'{"text": "a"}\n[1]\n', "", "line 2 is not a JSON object"),
        (b"text\nok\n\xff\xfa\n", "", "line 3 is not UTF-8"),
        (b"a,b\n1,2,3\n", "", "line 2 has more cells than the header's 2"),
        (b'text\n"open\n', ".csv", "line 2 cannot be parsed"),
        (gzip.compress(b"text\nhello\n" * 99)[:-9], "", "gzip data is damaged"),
    ],
)
def test_bad_input_is_named(raw: bytes, kind: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        rows(raw, kind)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot be read"):
        list(table.read_file(tmp_path / "none.csv"))
