"""A report for people: a plain-text table and a reliability plot as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.evaluate.report import Report

_SIZE = 320
_EDGE = 46
_COLOURS = {"sentiment": "#2563eb", "urgency": "#c2410c"}
_NAMES = {"sentiment": "sentiment (most likely label)", "urgency": "urgency (level 2 or 3)"}


def table(report: Report) -> str:
    """The report as lines of text, percentages with one decimal."""
    lines = [f"model {report.model}, {report.rows} rows", "", _header()]
    lines += [_line("all", report.overall)]
    lines += [_line(name, tasks) for name, tasks in report.slices.items()]
    for task, figures in report.overall.items():
        lines += ["", f"{task}: {figures['rows']} rows, accuracy {_percent(figures['accuracy'])}"]
        lines.append(
            f"  {'class':<22}{'precision':>10}{'recall':>8}{'F1':>7}{'rows':>7}   confusion (true in rows)"
        )
        for (name, score), row in zip(figures["classes"].items(), figures["confusion"], strict=True):
            lines.append(
                f"  {name:<22}{_percent(score['precision']):>10}{_percent(score['recall']):>8}"
                f"{_percent(score['f1']):>7}{score['support']:>7}   {' '.join(f'{n:>5}' for n in row)}"
            )
        if "ece" in figures:
            lines.append(f"  ECE {_percent(figures['ece'])}, Brier {figures['brier']:.3f}")
    lines += [""] if report.worst else []
    lines += [
        f"worst slice, {task}: {worst['slice']}, macro-F1 {_percent(worst['macro_f1'])}"
        for task, worst in report.worst.items()
    ]
    return "\n".join(lines)


def _header() -> str:
    return (
        f"{'slice':<20}{'rows':>6}{'senti F1':>10}{'ECE':>6}{'urg F1':>8}{'QWK':>6}"
        f"{'alert P':>9}{'R':>6}{'F1':>6}{'crit.':>7}{'cat F1':>8}{'reply F1':>10}"
    )


def _line(name: str, tasks: dict[str, dict[str, Any]]) -> str:
    mood, urgent = tasks.get("sentiment", {}), tasks.get("urgency", {})
    alert = urgent.get("alert", {})
    if not alert.get("support"):  # without a true alert the figures say nothing
        alert = {}
    rows = max((figures["rows"] for figures in tasks.values()), default=0)
    return (
        f"{name:<20}{rows:>6}{_percent(mood.get('macro_f1')):>10}{_percent(mood.get('ece')):>6}"
        f"{_percent(urgent.get('macro_f1')):>8}{_percent(urgent.get('qwk')):>6}"
        f"{_percent(alert.get('precision')):>9}{_percent(alert.get('recall')):>6}"
        f"{_percent(alert.get('f1')):>6}{_percent(urgent.get('criticals_caught')):>7}"
        f"{_percent(tasks.get('category', {}).get('macro_f1')):>8}"
        f"{_percent(tasks.get('reply', {}).get('f1')):>10}"
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def plot(report: Report) -> str:
    """Reliability of the sentiment and alert probabilities as one SVG document."""
    curves = {task: report.overall[task]["reliability"] for task in _NAMES if task in report.overall}
    width, height = _SIZE + 2 * _EDGE, _SIZE + 2 * _EDGE + 18 * len(curves)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            ' font-family="sans-serif" font-size="12">'
        ),
        f"<title>{escape(f'Reliability of {report.model}, {report.rows} rows')}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<rect x="{_EDGE}" y="{_EDGE}" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#999"/>',
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999" stroke-dasharray="4"/>',
        f'<text x="{_x(0.5)}" y="{_y(0) + 30}" text-anchor="middle">probability that the model gave</text>',
        (
            f'<text x="14" y="{_y(0.5)}" text-anchor="middle" transform="rotate(-90 14 {_y(0.5)})">'
            "share that was true</text>"
        ),
    ]
    for tick in (0.0, 0.5, 1.0):
        parts.append(f'<text x="{_x(tick)}" y="{_y(0) + 15}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{_EDGE - 5}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>')
    for number, (task, bins) in enumerate(curves.items()):
        parts += _curve(bins, _COLOURS[task])
        parts.append(
            f'<text x="{_EDGE}" y="{_y(0) + 50 + 18 * number}" fill="{_COLOURS[task]}">'
            f"{escape(_NAMES[task])}: ECE {_percent(report.overall[task]['ece'])} %</text>"
        )
    return "\n".join([*parts, "</svg>", ""])


def _curve(bins: Sequence[dict[str, Any]], colour: str) -> list[str]:
    points = [(_x(item["said"]), _y(item["true"]), item) for item in bins]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    return [
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>said'
            f" {item['said']:.2f}, true {item['true']:.2f}, {item['rows']} rows</title></circle>"
            for x, y, item in points
        ),
    ]


def _x(value: float) -> float:
    return _EDGE + _SIZE * value


def _y(value: float) -> float:
    return _EDGE + _SIZE * (1 - value)
