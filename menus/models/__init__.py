"""The models of menus, versions, buttons, publications and taps."""

from menus.models.menus import Editing, Menu, MenuItem, Platform, Version
from menus.models.publications import AFTER_ERROR, NOT_LINKED, LiveMenu, Publication
from menus.models.taps import Tap, TapDay, Tapper
from menus.models.targets import LinkCheck, MiniProgram

__all__ = [
    "AFTER_ERROR", "NOT_LINKED", "Editing", "LinkCheck", "LiveMenu", "Menu", "MenuItem", "MiniProgram",
    "Platform", "Publication", "Tap", "TapDay", "Tapper", "Version",
]  # fmt: skip
