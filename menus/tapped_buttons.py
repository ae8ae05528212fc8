"""The buttons of menus with their taps, for the small drawing on pages that only show a menu."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from menus.buttons import Button
from menus.statistics import Figures


@dataclass(frozen=True, slots=True)
class TappedButton:
    """A button with its taps; ``heat`` is from 0 (no taps) to 10 (the most tapped button)."""

    button: Button
    figures: Figures | None = None
    heat: int = 0
    children: Sequence["TappedButton"] = field(default=())


def with_taps(buttons: Sequence[Button], figures: Mapping[str, Figures] | None = None) -> list[TappedButton]:
    """Returns the buttons, with the ``figures`` by uid if there are any."""
    most = max((each.taps for each in (figures or {}).values()), default=0)

    def one(button: Button) -> TappedButton:
        own = (figures or {}).get(button.uid, Figures()) if figures is not None else None
        heat = round(10 * own.taps / most) if own and most else 0
        return TappedButton(button, own, heat, [one(each) for each in button.children])

    return [one(each) for each in buttons]
