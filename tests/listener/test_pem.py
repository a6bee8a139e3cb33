"""Keys that lost their line ends on the way."""

from __future__ import annotations

import pytest

from listener.pem import pem
from tests.listener.channels import keys


@pytest.mark.parametrize("change", [("\n", " "), ("\n", "\\n"), ("\n", "\r\n"), ("\n", "")])
def test_a_key_is_put_right(change: tuple[str, str]) -> None:
    key = keys.elliptic()
    assert pem(key.replace(*change)) == key


def test_what_is_no_key_is_left_alone() -> None:
    assert pem("sesame") == "sesame"
