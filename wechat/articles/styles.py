"""The inline styles of elements: their filtering, and the pictures that they refer to."""

import re
from collections.abc import Callable, Iterator

from wechat.articles import allowlist
from wechat.articles.losses import Loss, Losses

MARK = re.compile("[\"'();]")
# Comments, and what may look like one inside quotation marks or an address.
COMMENT = re.compile(r"""("[^"]*"|'[^']*'|url\([^"')]*\))|/\*.*?(?:\*/|\Z)""", re.IGNORECASE | re.DOTALL)
PICTURE = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^()"']*))\s*\)""", re.IGNORECASE)
HARMFUL = re.compile(r"expression\s*\(|javascript:|vbscript:|\\", re.IGNORECASE)
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
    return {name.strip().lower(): value.strip() for name, colon, value in found if colon and value.strip()}


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


def filtered(style: str, losses: Losses) -> str:
    """Returns the formats that WeChat shows; removed formats whose absence is visible are recorded."""
    declared = {PHYSICAL.get(name, name): value for name, value in read(style).items()}
    kept = {}
    for name, value in declared.items():
        if name in allowlist.STYLES and not HARMFUL.search(value):
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


def _moves(position: str, declared: dict[str, str]) -> bool:
    return position in MOVING or (position == "relative" and bool(OFFSETS & declared.keys()))
