from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from alerts.charts import Bar, bars

DAYS = [Bar("Mon\n16", 10, 4, strong=False), Bar("Tue\n17", 40, 30)]


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def red(image: np.ndarray) -> np.ndarray:
    return (image[..., 0] > 170) & (image[..., 1] < 80) & (image[..., 2] < 80)


def test_it_is_a_sharp_png_of_the_mails_width() -> None:
    assert Image.open(io.BytesIO(bars(DAYS, negative="negative", other="other", rtl=False))).size == (
        1120,
        440,
    )


def test_the_worse_day_has_more_red_and_stands_where_the_reader_expects_the_newest() -> None:
    left_to_right = red(pixels(bars(DAYS, negative="negative", other="other", rtl=False)))
    right_to_left = red(pixels(bars(DAYS, negative="שליליים", other="אחרים", rtl=True)))
    body = slice(120, None)  # below the legend
    assert left_to_right[body, 560:].sum() > 20 * max(1, left_to_right[body, :560].sum())
    assert right_to_left[body, :560].sum() > 20 * max(1, right_to_left[body, 560:].sum())


@pytest.mark.parametrize("label", ["יום ג׳\n24", "вт\n24", "mar.\n24", "الثلاثاء\n24"])  # noqa: RUF001 - Hebrew
def test_every_script_has_its_letters(label: str) -> None:
    # matplotlib warns about a missing glyph, and warnings are errors here
    assert bars([Bar(label, 3, 1)], negative="негативных", other="אחרים", rtl=False)


def test_hebrew_reads_from_right_to_left() -> None:
    """The first letter of a Hebrew word must be drawn at its right end."""
    one = pixels(bars([Bar("שוווווו", 1, 0)], negative="-", other="-", rtl=False))[400:, 300:820].sum(axis=2)
    columns = np.flatnonzero((one < 600).any(axis=0))
    ink = (one < 600).sum(axis=0)
    left, right = ink[columns[0] : columns[0] + 14].sum(), ink[columns[-1] - 13 : columns[-1] + 1].sum()
    assert right > left  # shin has three strokes, vav one


def test_an_empty_week_can_be_drawn() -> None:
    assert bars([Bar("Mon", 0, 0)], negative="negative", other="other", rtl=False)


def test_matplotlib_is_not_loaded_by_importing_the_digest() -> None:
    code = "import sys, alerts.digest; raise SystemExit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
