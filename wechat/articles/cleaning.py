"""Article HTML: what WeChat shows of it, and nothing else.

Whatever is pasted, imported or read from the platform passes ``clean``; a page from Word loses its classes,
comments and name-spaced elements, and keeps its words.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import nh3
from lxml import html
from markdown_it import MarkdownIt

TAGS = {
    "p", "br", "hr", "section", "span", "strong", "b", "em", "i", "u", "s", "sub", "sup", "h1", "h2", "h3",
    "h4", "ul", "ol", "li", "blockquote", "pre", "code", "img", "a", "table", "thead", "tbody", "tr", "td",
    "th", "figure", "figcaption",
}  # fmt: skip
ATTRIBUTES: Mapping[str, set[str]] = {
    "*": {"style"},
    "img": {"src", "alt", "width", "data-ratio", "data-w", "data-type"},
    "a": {"href"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
STYLES = {
    "color", "background-color", "font-size", "font-weight", "font-style", "text-align", "text-decoration",
    "text-indent", "line-height", "letter-spacing", "margin", "margin-top", "margin-bottom", "margin-left",
    "margin-right", "padding", "padding-left", "padding-right", "padding-top", "padding-bottom", "border",
    "border-left", "border-radius", "width", "max-width", "display", "vertical-align",
}  # fmt: skip
# With everything inside it: what these hold is no text.
DROPPED = {"script", "style", "title", "xml", "head", "object", "iframe", "form"}
# Other addresses cannot be tapped in an article.
LINKED = re.compile(r"https?://mp\.weixin\.qq\.com/")
DATA = re.compile(r"data:image/(?:png|jpe?g|gif);base64,([A-Za-z0-9+/=\s]+)")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of an article's text: WeChat reference 12.3."""

    characters: int = 20_000
    bytes: int = 1024 * 1024


LIMITS = Limits()


def clean(text: str) -> str:
    """The HTML with only what WeChat renders; scripts, foreign links and everything else are gone."""
    return nh3.clean(
        text,
        tags=TAGS,
        attributes={name: set(allowed) for name, allowed in ATTRIBUTES.items()},
        clean_content_tags=DROPPED,
        filter_style_properties=STYLES,
        url_schemes={"https", "http", "data"},
        attribute_filter=_attribute,
        link_rel=None,
    ).strip()


def from_markdown(text: str) -> str:
    rendered: str = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    return clean(rendered)


def picture_addresses(text: str) -> list[str]:
    """The addresses of the pictures it shows, in order and once each."""
    if not text:
        return []
    found = [element.get("src", "") for element in _parsed(text).iter("img")]
    return list(dict.fromkeys(address for address in found if address))


def with_pictures(text: str, address_of: Callable[[str], str | None]) -> str:
    """The same text with other addresses for its pictures; ``None`` takes a picture out."""
    if not text:
        return text
    root = _parsed(text)
    for element in list(root.iter("img")):
        address = address_of(element.get("src", ""))
        if address is None:
            element.drop_tree()
        else:
            element.set("src", address)
    inner = "".join(html.tostring(child, encoding="unicode") for child in root)
    return (root.text or "") + inner


def picture_bytes(address: str) -> bytes | None:
    """The bytes of a picture that is written into its address, as pasting from Word does."""
    found = DATA.fullmatch(address.strip())
    if found is None:
        return None
    try:
        return base64.b64decode(found[1], validate=False)
    except binascii.Error:
        return None


def _parsed(text: str) -> html.HtmlElement:
    return html.fragment_fromstring(text, create_parent="div")


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "a" and name == "href" and not LINKED.match(value):
        return None
    if tag == "img" and name == "src" and value.startswith("data:") and not DATA.match(value):
        return None
    return value
