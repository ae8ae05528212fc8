"""The plots of growing costs, with two logarithmic axes, written as SVG without a library."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

# The folder for the page of benchmarks and its plots; a different one for a trial.
DOCS_VARIABLE = "BENCH_DOCS"
DOCS = Path(os.environ.get(DOCS_VARIABLE) or Path(__file__).parents[1] / "docs")
FOLDER = "images/benchmarks"
# The right margin has space for half of the longest number.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 668, 300, 56, 44, 16, 36
# Colours that people with red-green colour blindness can distinguish.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


@dataclass(frozen=True, slots=True)
class Curve:
    name: str
    points: Sequence[tuple[float, float]]


def draw(title: str, curves: Sequence[Curve]) -> str:
    """Draws the curves of a plot; returns its path for links from the documents."""
    place = f"{FOLDER}/{title.lower().replace(' ', '-')}.svg"
    path = DOCS / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_svg(title, curves))
    return place


def _svg(title: str, curves: Sequence[Curve]) -> str:
    across = _Axis([x for curve in curves for x, _ in curve.points], LEFT, WIDTH - RIGHT)
    up = _Axis([y for curve in curves for _, y in curve.points], HEIGHT - BOTTOM, TOP + 20 * len(curves))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(title)}">'
    )
    parts = [head, '<rect width="100%" height="100%" fill="#fff"/>']
    for value in across.marks():
        x = across.at(value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 16}" text-anchor="middle">{value:,.0f}</text>')
    for value in up.marks():
        y = up.at(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        places = [(across.at(x), up.at(y)) for x, y in curve.points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        y = TOP + 4 + 18 * number
        parts.append(f'<text x="{LEFT + 8}" y="{y + 8}" fill="{colour}">{escape(curve.name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """An axis of a plot, which maps values to positions, from one power of ten to another."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        self._low = math.floor(math.log10(min(positive)))
        self._high = max(math.ceil(math.log10(max(positive))), self._low + 1)
        self._start, self._end = start, end

    def marks(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]

    def at(self, value: float) -> float:
        power = math.log10(max(value, 10.0**self._low))
        return self._start + (power - self._low) / (self._high - self._low) * (self._end - self._start)
