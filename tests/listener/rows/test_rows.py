"""Files of rows: what is read, which row is refused and why, and which file cannot be used."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.rows import BadRow, Row, RowsError, read_rows


def read(data: bytes | str, **mapping: str) -> list[Row | BadRow]:
    return list(read_rows(io.BytesIO(data.encode() if isinstance(data, str) else data), mapping=mapping))


def good(data: bytes | str, **mapping: str) -> dict[int, dict[str, Any]]:
    return {row.line: row.values for row in read(data, **mapping) if isinstance(row, Row)}


def bad(data: bytes | str, **mapping: str) -> dict[int, str]:
    return {row.line: row.reason for row in read(data, **mapping) if isinstance(row, BadRow)}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_header(separator: str) -> None:
    data = "id,text,author\n1,hi,bob\n".replace(",", separator)
    assert good(data) == {2: {"id": "1", "text": "hi", "author": "bob"}}


def test_a_table_of_one_column_needs_no_quotes() -> None:
    assert good("text\nlate, again; really\n") == {2: {"text": "late, again; really"}}


def test_names_are_mapped_and_unknown_columns_ignored() -> None:
    data = "Tweet_ID,Body,extra\n7,hi,x\n"
    assert good(data, id="tweet_id", text=" body ") == {2: {"id": "7", "text": "hi"}}


def test_line_numbers_are_of_the_file() -> None:
    data = 'id,text\r\n\r\n1,"one\r\ntwo"\r\n2,too,many\r\n3,three\r\n'
    assert good(data) == {3: {"id": "1", "text": "one\r\ntwo"}, 6: {"id": "3", "text": "three"}}
    assert bad(data).keys() == {5}


def test_a_quote_that_is_never_closed_costs_one_row() -> None:
    data = 'id,text\n1,"open\n2,fine\n3,"a ""b"" c"\n4,"x"y"z\n5,say "hi"\n6,"end\n'
    assert good(data) == {
        3: {"id": "2", "text": "fine"},
        4: {"id": "3", "text": 'a "b" c'},
        5: {"id": "4", "text": 'xy"z'},
        6: {"id": "5", "text": 'say "hi"'},
    }
    assert set(bad(data)) == {2, 7}
    assert "quotation mark" in bad(data)[2]


def test_bytes_that_are_not_utf8_cost_one_row() -> None:
    assert good(b"id,text\n1,caf\xe9\n2,ok\n") == {3: {"id": "2", "text": "ok"}}
    assert "UTF-8" in bad(b"id,text\n1,caf\xe9\n2,ok\n")[2]
    assert "UTF-8" in bad(b'{"text": "ok"}\n{"text": "caf\xe9"}\n')[2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_the_encoding_are_understood(encoding: str) -> None:
    assert good("id,text\n1,שלום\n".encode(encoding)) == {2: {"id": "1", "text": "שלום"}}


def test_json_lines() -> None:
    data = '{"id": 1, "body": "hi", "user": {"name": "bob"}, "rating": 4}\n\n{oops\n[1]\n{"body": ["x"]}\n{"id": 2}\n'
    assert good(data, text="body", author="user.name") == {
        1: {"id": "1", "text": "hi", "author": "bob", "rating": 4.0}
    }
    assert {line: reason[:12] for line, reason in bad(data, text="body").items()} == {
        3: "it is not JS", 4: "it is not a ", 5: "text must be", 6: "text is empt",
    }  # fmt: skip


def test_a_packed_file_a_path_and_a_text_stream(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv.gz"
    path.write_bytes(gzip.compress(b"text\nhi\n"))
    assert list(read_rows(path)) == list(read_rows(str(path))) == [Row(2, {"text": "hi"})]
    assert list(read_rows(io.StringIO("text\nhi\n"))) == [Row(2, {"text": "hi"})]


def test_a_stream_that_was_handed_in_stays_open() -> None:
    stream = io.BytesIO(b"text\nhi\n")
    list(read_rows(stream))
    assert not stream.closed


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-24T10:00:00Z", "2026-11-24 10:00", "2026-11-24T12:00:00+02:00", "1795514400", "1795514400000",
        "1795514400.0", "1795514400000000", "Tue, 24 Nov 2026 10:00:00 GMT", "Tue Nov 24 10:00:00 +0000 2026",
        "2026/11/24 10:00", "2026-11-24 10:00:00 UTC",
    ],
)  # fmt: skip
def test_dates_as_people_write_them(written: str) -> None:
    assert good(f'text,posted_at\nhi,"{written}"\n')[2]["posted_at"] == datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("posted_at", "yesterday", "is not a date"),
        ("posted_at", "24/11/2026", "is not a date"),
        ("posted_at", "1e400", "is not a date"),
        ("posted_at", "0001-01-01", "is not a date"),
        ("url", "javascript:alert(1)", "not a web address"),
        ("url", "http://", "not a web address"),
        ("url", "http://[", "not a web address"),
        ("lang", "english", "not a language code"),
        ("rating", "many", "not a number"),
        ("rating", "nan", "not a number"),
        ("rating", "-1", "not a number"),
        ("id", "x" * 301, "longer than 300"),
        ("author", "a\x07b", "control characters"),
    ],
)
def test_a_bad_value_is_named(column: str, value: str, said: str) -> None:
    reasons = bad(f"text,{column}\nhi,{value}\nok,\n")
    assert list(reasons) == [2]
    assert said in reasons[2]
    assert reasons[2].startswith(column)


def test_empty_texts_are_refused_unless_there_is_a_rating() -> None:
    assert good("text,rating\n,5\n") == {2: {"text": "", "rating": 5.0}}
    assert bad('text,rating\n"  ",\n,\n') == {2: "text is empty", 3: "text is empty"}


def test_decimal_commas_and_long_texts() -> None:
    rows = good('text;rating\n"' + "x" * 300_000 + '";4,5\n')
    assert rows[2]["rating"] == 4.5
    assert len(rows[2]["text"]) == 300_000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\x00\x01\x02", "binary"),
        (b"PK\x03\x04rest", "Excel"),
        (b"[1, 2]", "one JSON object a line"),
        (b"id,body\n1,x\n", "its columns are: id, body"),
        (b'{"body": 1}\n', "its keys are: body"),
        (b"caf\xe9,text\n", "header holds bytes"),
        (gzip.compress(b"text\n" + b"x\n" * 90_000)[:-40], "damaged"),
        (b"\x1f\x8b\x08\x00rubbish-that-is-no-gzip", "complete file"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(data: bytes, said: str) -> None:
    with pytest.raises(RowsError, match=said) as caught:
        read(data)
    assert "the input" in str(caught.value)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RowsError, match="Is a directory"):
        read_rows(tmp_path)
    with pytest.raises(RowsError, match=r"none\.csv cannot be read: No such file"):
        read_rows(tmp_path / "none.csv")


def test_a_mapping_to_nothing_is_an_error() -> None:
    with pytest.raises(RowsError, match="no column 'body' for text"):
        read("id,text\n1,x\n", text="body")
    with pytest.raises(RowsError, match="no field 'message'"):
        read("id,text\n1,x\n", message="text")


@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_a_reason(data: bytes) -> None:
    try:
        rows = read(b"id,text\n" + data)
    except RowsError:
        return
    assert all(isinstance(row, Row | BadRow) and row.line >= 2 for row in rows)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30),
            st.integers(0, 9),
        ),
        max_size=20,
    )
)
def test_what_a_table_writer_writes_is_read_back(rows: list[tuple[str, int]]) -> None:
    import csv

    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["text", "rating"])
    writer.writerows(rows)
    assert [row.values for row in read(out.getvalue()) if isinstance(row, Row)] == [
        {"text": text, "rating": float(rating)} for text, rating in rows
    ]
