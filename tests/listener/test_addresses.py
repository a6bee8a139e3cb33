"""Addresses that people type: trimmed, with a host, http or https and nothing else."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from listener.addresses import Address, BaseAddress


@pytest.mark.parametrize(
    ("typed", "kept", "base"),
    [
        (" https://api.example.test/ ", "https://api.example.test/", "https://api.example.test"),
        ("HTTP://127.0.0.1:9000", "HTTP://127.0.0.1:9000", "HTTP://127.0.0.1:9000"),
        ("https://[::1]/v2//", "https://[::1]/v2//", "https://[::1]/v2"),
    ],
)
def test_an_address_is_kept_as_it_was_typed(typed: str, kept: str, base: str) -> None:
    assert TypeAdapter(Address).validate_python(typed) == kept
    assert TypeAdapter(BaseAddress).validate_python(typed) == base


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "example.test",
        "https://",
        "http:/example.test",
        "javascript:alert(1)",
        "https://[::1",
        "ftp://x.test",
    ],
)
def test_anything_else_is_refused_with_an_example(typed: str) -> None:
    for kind in (Address, BaseAddress):
        with pytest.raises(ValidationError, match=r"http or https address, as https://www\.example\.com"):
            TypeAdapter(kind).validate_python(typed)
