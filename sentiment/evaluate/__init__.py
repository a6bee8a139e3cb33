"""Measures a model on labelled texts: figures, slices, a table, JSON and a reliability plot."""

from __future__ import annotations

from sentiment.evaluate.report import Report, evaluate

__all__ = ["Report", "evaluate"]
