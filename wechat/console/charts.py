"""The charts of figures by day or by hour, drawn in the browser by the Chart.js of the admin's skin.

The skin draws every canvas with its data, so that no page needs its own script. The page also has the numbers
of each chart as a table.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django_stubs_ext import StrOrPromise

# The skin resolves variables to the page's colours.
COLOURS = ("var(--color-primary-600)", "#3b82f6", "#d97706", "#8b5cf6", "#0891b2", "#db2777")
QUIET = "var(--color-base-400)"
# For both themes; the skin sets the colour of the grid.
INK = "#8a8f98"
MOST_LABELS = 8

Number = int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Series:
    """A line or a row of bars; ``is_before`` marks an earlier period, drawn in a muted colour."""

    title: StrOrPromise
    values: Sequence[Number]
    is_before: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """The data for the template ``console/chart.html``; ``description`` is its text alternative."""

    kind: str
    data: str
    options: str
    description: str


def chart(labels: Sequence[str], series: Sequence[Series], *, kind: str = "line", description: str) -> Chart:
    """Returns a chart with axes and a legend; ``None`` among the values is a gap."""
    # No fractions on the axis of counts.
    counts = all(isinstance(value, int) or value is None for each in series for value in each.values)
    ticks = {"color": INK, "precision": 0} if counts else {"color": INK}
    own = iter(COLOURS)
    sets = [_dataset(each, QUIET if each.is_before else next(own, QUIET), kind) for each in series]
    options = {
        "responsive": True,
        "maintainAspectRatio": False,
        "animation": False,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {
            "legend": {
                "display": len(series) > 1,
                "position": "top",
                "align": "end",
                "labels": {"color": INK, "boxWidth": 12, "boxHeight": 2},
            }
        },
        "scales": {
            "x": {
                "ticks": {"color": INK, "maxTicksLimit": MOST_LABELS, "maxRotation": 0},
                "grid": {"display": False},
            },
            "y": {"beginAtZero": True, "ticks": {**ticks, "maxTicksLimit": 6}, "grid": {"lineWidth": 1}},
        },
    }
    return Chart(
        kind, json.dumps({"labels": list(labels), "datasets": sets}), json.dumps(options), description
    )


def _dataset(series: Series, colour: str, kind: str) -> dict[str, object]:
    return {
        "label": str(series.title),
        "data": [float(value) if isinstance(value, Decimal) else value for value in series.values],
        "borderColor": colour,
        "backgroundColor": colour,
        "borderWidth": 1.5 if series.is_before else 2,
        "borderDash": [5, 4] if series.is_before else [],
        # A single day is drawn as a point, because it has no line.
        "pointRadius": 0 if len(series.values) > 1 or kind != "line" else 3,
        "pointHitRadius": 8,
        "maxBarThickness": 24,
    }
