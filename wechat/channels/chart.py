"""A bar a day, drawn by the server: new followers below, then who came back, then the other scans."""

from collections.abc import Sequence
from dataclasses import dataclass

from wechat.channels.report import DayFigures

HEIGHT = 160
WIDTH = 720


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar, in the chart's own units; ``top`` is its distance from the upper edge."""

    kind: str
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    day: DayFigures
    left: float
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Chart:
    """``highest`` is the number of scans that the full height stands for."""

    highest: int
    width: float
    bar_width: float
    bars: Sequence[Bar]
    height: int = HEIGHT


def drawn(days: Sequence[DayFigures]) -> Chart:
    highest = max((day.scans for day in days), default=0)
    step = WIDTH / max(1, len(days))
    bars = [Bar(day, round(place * step, 2), _parts(day, highest)) for place, day in enumerate(days)]
    return Chart(highest, WIDTH, round(min(step * 0.8, 40), 2), bars)


def _parts(day: DayFigures, highest: int) -> list[Part]:
    parts, top = [], float(HEIGHT)
    for kind in ("new", "again", "existing"):
        if count := getattr(day, kind):
            height = round(count / highest * HEIGHT, 2)
            top = round(top - height, 2)
            parts.append(Part(kind, top, height))
    return parts
