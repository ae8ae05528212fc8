"""The inline styles of elements: their filtering, and the pictures that they refer to."""

import re
from collections.abc import Callable, Iterator

from wechat.articles import allowlist
from wechat.articles.losses import Loss, Losses

MARK = re.compile("[\"'();]")
# Comments, and what may look like one inside quotation marks or an address.
COMMENT = re.compile(r"""("[^"]*"|'[^']*'|url\([^"'()]*\))|/\*.*?(?:\*/|\Z)""", re.IGNORECASE | re.DOTALL)
PICTURE = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^()"']*))\s*\)""", re.IGNORECASE)
HARMFUL = re.compile(r"expression\s*\(|javascript:|vbscript:|\\", re.IGNORECASE)
# The whole parts of a value that may hold any sign, and the signs that end or nest a value outside of them.
QUOTED = re.compile(r"""url\(\s*(?:"[^"]*"|'[^']*'|[^\s"'()]*)\s*\)|"[^"]*"|'[^']*'""", re.IGNORECASE)
UNSOUND = re.compile(r"""["';{}]|url\(|/\*""", re.IGNORECASE)
BRACKET = re.compile(r"[()\[\]]")
CLOSED = {")": "(", "]": "["}
# Names by the direction of the text, as browsers copy them, and those that WeChat shows.
PHYSICAL = {
    f"{name}-{logical}": f"{name}-{side}"
    for name in ("margin", "padding")
    for logical, side in (
        ("block-start", "top"), ("block-end", "bottom"), ("inline-start", "left"), ("inline-end", "right"),
    )
}  # fmt: skip
MOVING = {"absolute", "fixed", "sticky"}
OFFSETS = {"top", "right", "bottom", "left"}


def read(style: str) -> dict[str, str]:
    """Returns the declarations by name; of several with one name the last counts, as in a browser."""
    found = (each.partition(":") for each in _declarations(COMMENT.sub(r"\1", style)))
    values = {name.strip().lower(): " ".join(value.split()) for name, _colon, value in found}
    return {name: value for name, value in values.items() if value}


def _declarations(style: str) -> Iterator[str]:
    """Yields the parts between semicolons, except for semicolons in quotes and brackets."""
    start, depth, quote = 0, 0, ""
    for mark in MARK.finditer(style):
        if quote:
            quote = "" if mark[0] == quote else quote
        elif mark[0] in "\"'":
            quote = mark[0]
        elif mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth = max(0, depth - 1)
        elif not depth:
            yield style[start : mark.start()]
            start = mark.end()
    yield style[start:]


def write(declarations: dict[str, str]) -> str:
    return ";".join(f"{name}:{value}" for name, value in declarations.items())


def safe(style: str) -> str:
    """Returns the formats that WeChat shows, if a browser reads each of them as it is read here."""
    return write({name: value for name, value in read(style).items() if _is_safe(name, value)})


def filtered(style: str, losses: Losses) -> str:
    """Returns the formats that WeChat shows; removed formats whose absence is visible are recorded."""
    declared = {PHYSICAL.get(name, name): value for name, value in read(style).items()}
    kept = {}
    for name, value in declared.items():
        if _is_safe(name, value):
            if all(allowlist.is_picture(allowlist.whole(address)) for address in pictures(value)):
                kept[name] = _moved(value, allowlist.whole) or value
            else:
                losses.add(Loss.PICTURE)
        elif not allowlist.UNSEEN.match(name) or (name == "position" and _moves(value, declared)):
            losses.add(Loss.FORMAT, name)
    return write(kept)


def pictures(value: str) -> list[str]:
    """Returns the addresses of the pictures in a declaration.

    References inside a drawing do not count.
    """
    found = ("".join(groups) for groups in PICTURE.findall(value))
    return [address.strip() for address in found if not address.strip().startswith("#")]


def with_pictures(style: str, address_of: Callable[[str], str | None]) -> str:
    """Returns the formats with other addresses for their pictures; ``None`` removes the format."""
    moved = {name: _moved(value, address_of) for name, value in read(style).items()}
    return write({name: value for name, value in moved.items() if value is not None})


def _moved(value: str, address_of: Callable[[str], str | None]) -> str | None:
    addresses = {address: address_of(address) for address in pictures(value)}
    if None in addresses.values():
        return None

    def named(found: re.Match[str]) -> str:
        address = "".join(filter(None, found.groups())).strip()
        return f'url("{addresses[address]}")' if address in addresses else found[0]

    return PICTURE.sub(named, value)


def _is_safe(name: str, value: str) -> bool:
    return name in allowlist.STYLES and not HARMFUL.search(value) and _is_whole(value)


def _is_whole(value: str) -> bool:
    """Returns whether all quotes and brackets of a value end in it, so that no browser reads on behind it."""
    outside, opened = QUOTED.sub(" ", value), list[str]()
    for bracket in BRACKET.findall(outside):
        if bracket not in CLOSED:
            opened.append(bracket)
        elif not opened or opened.pop() != CLOSED[bracket]:
            return False
    return not opened and not UNSOUND.search(outside)


def _moves(position: str, declared: dict[str, str]) -> bool:
    return position in MOVING or (position == "relative" and bool(OFFSETS & declared.keys()))
