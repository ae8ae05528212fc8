"""The sanitised HTML as a tree that can be edited.

Another parser would move elements again, or drop the SVG. The sanitiser's output is well nested, so that it
can be parsed as it is. Names become lower case; the sanitiser restores those of SVG.
"""

import re
from html.parser import HTMLParser

from lxml import html

from wechat.articles.nesting import DEEPEST

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Characters that are not allowed in HTML and that the tree refuses.
CONTROL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: html.HtmlElement = html.Element("div")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = html.Element(tag, {name: CONTROL.sub("", value or "") for name, value in attrs})
        self._open[-1].append(element)
        if tag not in VOID:
            # Here, all elements count.
            self._open.append(element if len(self._open) < DEEPEST else self._open[-1])

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        text, parent = CONTROL.sub("", data), self._open[-1]
        # To count the children would take longer with each of them.
        last = next(parent.iterchildren(reversed=True), None)
        if last is not None:
            last.tail = (last.tail or "") + text
        else:
            parent.text = (parent.text or "") + text


def parsed(text: str) -> html.HtmlElement:
    """Returns a ``div`` that contains the sanitised HTML."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    return builder.root


def serialised(root: html.HtmlElement) -> str:
    """Returns the content of the ``div``."""
    whole: str = html.tostring(root, encoding="unicode", with_tail=False)
    return whole.removeprefix("<div>").removesuffix("</div>")
