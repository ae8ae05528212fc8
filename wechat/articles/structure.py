"""The conversion of pasted elements to those that WeChat knows, with their lines and their look."""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from urllib.parse import urlsplit

from lxml import html

from wechat.articles import allowlist, styles
from wechat.articles.losses import Loss, Losses

LINES = {
    "address", "article", "aside", "body", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt",
    "fieldset", "footer", "form", "header", "hgroup", "legend", "main", "menu", "nav", "optgroup", "search",
    "summary",
}  # fmt: skip
LOOKS: Mapping[str, dict[str, str]] = {
    "center": {"text-align": "center"},
    "dt": {"font-weight": "bold"},
    "dd": {"margin-left": "2em"},
    "mark": {"background-color": "#ff0"},
    "small": {"font-size": "smaller"},
    "big": {"font-size": "larger"},
}
RENAMED: Mapping[str, str] = {
    "acronym": "span", "abbr": "span", "bdi": "span", "bdo": "span", "big": "span", "cite": "em", "del": "s",
    "dfn": "em", "font": "span", "ins": "u", "kbd": "code", "listing": "pre", "mark": "span", "q": "span",
    "samp": "code", "small": "span", "strike": "s", "time": "span", "tt": "code", "var": "em", "xmp": "pre",
}  # fmt: skip
PLAYERS = {"applet", "audio", "canvas", "embed", "frame", "object", "video"}
FIELDS = {"datalist", "input", "meter", "option", "progress", "select", "textarea"}
PARTS = {"filter", "marker", "mask", "pattern", "symbol", "textpath", "use"}
ANIMATIONS = {"animate", "animatetransform", "set"}
# Elements that the first pass of the sanitiser lets through, to be converted or recorded as losses here.
TAGS = LINES | RENAMED.keys() | PLAYERS | FIELDS | (PARTS - {"textpath"}) | {"textPath"}
# Attributes with the address of a lazily loaded picture, as on WeChat's own pages.
LATE = (
    "data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-lazyload", "data-lazy", "data-echo",
    "data-url", "data-original-src", "data-lazy-original", "data-real-src", "data-source", "real_src",
    "zoomfile", "file", "lay-src", "_src",
)  # fmt: skip
# Those with addresses for several sizes, each with its size behind it.
SETS = ("data-srcset", "srcset")
# The address of a picture in a drawing, as layout tools write it.
OLD_ADDRESS = "xlink:href"
# What no browser shows, such as the notes of an editor.
HIDDEN = "hidden"
ATTRIBUTES = {
    "style", "align", "bgcolor", "checked", "color", "dir", "id", "size", "face", "href", "src", "type",
    HIDDEN, *LATE, *SETS,
}  # fmt: skip
# The comments of a document as Word writes them below a page, and the signs that refer to them.
COMMENTS, COMMENT_SIGN = re.compile(r"\bmso-element:\s*comment-list\b", re.IGNORECASE), "#_msocom_"
# The text of a published article on its page, which shows it only once a script has run.
PUBLISHED = "js_content"
QUOTED = ("“", "”"), ("‘", "’")
# An empty and a ticked one, as of a task list.
BOXES = "☐☑"
SIZES = {"1": "10px", "2": "13px", "3": "16px", "4": "18px", "5": "24px", "6": "32px", "7": "48px"}
ALIGNED = LINES | allowlist.BLOCKS - {"table", "hr"}
BLANK = "\xa0"
LINE_END = re.compile("[\n\u2028\u2029]")
# As paragraphs, more are far longer than WeChat takes.
MOST_LINES = 20_000
# Between two of these a line end of the source is no blank, as it is between Latin words.
CHINESE = "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
INNER_LINE_END = re.compile(rf"(?<={CHINESE})[ \t]*[\r\n]+[ \t]*(?={CHINESE})")
RUN = re.compile(r"(?:^|(?<=\n))[ \t]+|[ \t]{2,}|\t")


def convert(root: html.HtmlElement, losses: Losses) -> None:
    """Converts everything below the root to elements that WeChat knows.

    What has no equivalent at WeChat is removed and recorded.
    """
    _take_published_text(root)
    if not len(root):
        _put_lines_into_paragraphs(root)
    for element in list(root.iterdescendants()):
        if _stays(element, losses):
            _put_looks_into_style(element)
            if style := element.attrib.pop("style", ""):
                _set_style(element, styles.filtered(style, losses))
        elif element.getparent() is not None:
            element.drop_tree()
    for quotation in root.iter("q"):
        _quote(quotation)
    _divide_code(root)
    _put_blanks(root)
    for element in reversed(list(root.iterdescendants())):
        if element.tag in LINES or _is_alone(element):
            element.tag = "p" if _is_a_line(element) else "section"
        else:
            element.tag = RENAMED.get(element.tag, element.tag)
    _put_into_paragraphs(root)


def _take_published_text(root: html.HtmlElement) -> None:
    """Leaves only the text of a published article, if this is its page: the rest is the page's own."""
    for text in root.iter():
        if text.attrib.pop("id", "") == PUBLISHED and len(text):
            text.attrib.pop("style", "")
            root[:], root.text = [text], None
            text.tail = None
            return


def _stays(element: html.HtmlElement, losses: Losses) -> bool:
    tag = element.tag
    if HIDDEN in element.attrib or _is_comment(element):
        return False
    check = CHECKS.get(tag)
    if check is not None:
        return check(element, losses)
    for kind, tags in ((Loss.PLAYER, PLAYERS), (Loss.FIELD, FIELDS), (Loss.DRAWING, PARTS)):
        if tag in tags:
            losses.add(kind, tag)
            return False
    return True


def _is_comment(element: html.HtmlElement) -> bool:
    return bool(COMMENTS.search(element.get("style", ""))) or COMMENT_SIGN in element.get("href", "")


def _link(link: html.HtmlElement, losses: Losses) -> bool:
    address = allowlist.whole(link.get("href", ""))
    if allowlist.LINKED.match(address):
        link.set("href", address)
    elif address:
        del link.attrib["href"]
        if not address.startswith("#") and not link.get("data-miniprogram-appid"):
            losses.add(Loss.LINK, _host(address))
    return True


def _host(address: str) -> str:
    """Returns the host of a link's address, as a reader would name the site."""
    try:
        return urlsplit(address).netloc or address[:40]
    except ValueError:
        return address[:40]


def _picture(picture: html.HtmlElement, losses: Losses) -> bool:
    late = [picture.attrib.pop(name) for name in LATE if name in picture.attrib]
    late_set, usual_set = (_first_of_set(picture.attrib.pop(name, "")) for name in SETS)
    for address in (*late, late_set, picture.get("src", ""), usual_set):
        whole = allowlist.whole(address)
        if allowlist.is_picture(whole):
            picture.set("src", whole)
            return True
    losses.add(Loss.PICTURE)
    return False


def _first_of_set(addresses: str) -> str:
    """Returns the first address of ``a.jpg 1x, b.jpg 2x``."""
    return next(iter(addresses.split()), "").rstrip(",")


def _field(field: html.HtmlElement, losses: Losses) -> bool:
    """Makes a sign of a box to tick; returns whether it is one."""
    if field.get("type", "").lower() == "checkbox":
        ticked = "checked" in field.attrib
        field.tag, field.text = "span", BOXES[ticked]
        return True
    losses.add(Loss.FIELD, field.tag)
    return False


def _drawn_picture(picture: html.HtmlElement, losses: Losses) -> bool:
    late = picture.attrib.pop(OLD_ADDRESS, "")
    for address in (picture.get("href", ""), late):
        if allowlist.is_picture(whole := allowlist.whole(address)):
            picture.set("href", whole)
            return True
    losses.add(Loss.PICTURE)
    return False


def _frame(frame: html.HtmlElement, losses: Losses) -> bool:
    """Keeps a video that WeChat plays; returns whether it is one.

    Its address is in ``data-src``, so that no browser loads it.
    """
    address = frame.get("data-src") or frame.attrib.pop("src", "")
    if allowlist.PLAYED.match(address):
        frame.set("data-src", address)
        frame.set("class", allowlist.VIDEO_CLASS)
        frame[:], frame.text = [], None
        return True
    losses.add(Loss.PLAYER)
    return False


def _animation(animation: html.HtmlElement, losses: Losses) -> bool:
    if animation.get("attributename", "") in allowlist.ANIMATED:
        return True
    losses.add(Loss.DRAWING, animation.tag)
    return False


CHECKS: Mapping[str, Callable[[html.HtmlElement, Losses], bool]] = {
    "a": _link,
    "img": _picture,
    "image": _drawn_picture,
    "iframe": _frame,
    "input": _field,
    **dict.fromkeys(ANIMATIONS, _animation),
}


def _put_looks_into_style(element: html.HtmlElement) -> None:
    """Moves formats that older pages and Word put into attributes or element names into the style."""
    looks = dict(LOOKS.get(element.tag, {}))
    if element.tag in ALIGNED and (align := element.attrib.pop("align", "")):
        looks["text-align"] = align
    if element.attrib.pop("dir", "").lower() == "rtl":
        looks |= {"direction": "rtl"} | ({"unicode-bidi": "bidi-override"} if element.tag == "bdo" else {})
    if colour := element.attrib.pop("bgcolor", ""):
        looks["background-color"] = colour
    if element.tag == "font":
        looks |= {
            name: value
            for name, value in (
                ("color", element.get("color", "")),
                ("font-size", SIZES.get(element.get("size", ""), "")),
                ("font-family", element.get("face", "")),
            )
            if value
        }
    if looks:
        _set_style(element, styles.write(looks | styles.read(element.get("style", ""))))


def _quote(quotation: html.HtmlElement) -> None:
    """Writes the quotation marks that a browser shows around it."""
    is_inner = next(quotation.iterancestors("q"), None) is not None
    opening, closing = QUOTED[is_inner]
    quotation.text = opening + (quotation.text or "")
    if len(quotation):
        quotation[-1].tail = (quotation[-1].tail or "") + closing
    else:
        quotation.text += closing


def _set_style(element: html.HtmlElement, style: str) -> None:
    if style:
        element.set("style", style)


def _divide_code(root: html.HtmlElement) -> None:
    """Puts each line of a code of WeChat's own editor on its line, and removes the numbers of the lines."""
    for code in list(root.iter("pre")):
        for line, following in pairwise(list(code)):
            if line.tag == following.tag == "code" and not (line.tail or "").strip():
                following.addprevious(html.Element("br"))
        numbers = code.getprevious()
        if numbers is not None and numbers.tag == "ul" and not numbers.text_content().strip():
            numbers.drop_tree()


def _put_blanks(root: html.HtmlElement) -> None:
    """Converts the blanks and line ends of the source to those that WeChat shows."""
    written: set[html.HtmlElement] = set()
    for element in list(root.iterdescendants()):
        if element not in written and _keeps_blanks(element):
            _write_blanks(element)
            written.update(element.iter())
    for element in root.iter():
        _join_lines(element)


def _join_lines(element: html.HtmlElement) -> None:
    """Removes the line ends with which programs wrap a Chinese text, which browsers would show as blanks."""
    if element.text:
        element.text = INNER_LINE_END.sub("", element.text)
    if element.tail:
        element.tail = INNER_LINE_END.sub("", element.tail)


def _keeps_blanks(element: html.HtmlElement) -> bool:
    if element.tag in ("pre", "listing", "xmp"):
        return True
    return "white-space" in element.get("style", "") and styles.read(element.get("style", "")).get(
        "white-space", ""
    ).startswith(("pre", "break-spaces"))


def _write_blanks(element: html.HtmlElement) -> None:
    """Converts line ends to breaks and blanks to no-break spaces, because WeChat collapses plain ones."""
    places = [(each, "text") for each in element.iter()] + [
        (each, "tail") for each in element.iterdescendants()
    ]
    for each, place in places:
        text = getattr(each, place) or ""
        if "\n" in text or RUN.search(text):
            _set_lines(each, place, text)


def _set_lines(element: html.HtmlElement, place: str, text: str) -> None:
    parent = element if place == "text" else element.getparent()
    if not text.strip() and any(_is_block(child) for child in parent):
        return
    at = 0 if place == "text" else parent.index(element) + 1
    first, *lines = with_blanks(text).split("\n")
    setattr(element, place, first)
    for line in reversed(lines):
        new = html.Element("br")
        new.tail = line
        parent.insert(at, new)


def with_blanks(text: str) -> str:
    """Returns a text with its runs of blanks as WeChat shows them."""

    def blanks(run: re.Match[str]) -> str:
        wide = run[0].replace("\t", " " * 4)
        leads = run.start() == 0 or text[run.start() - 1] == "\n"
        # The last blank of a run inside a line stays plain, so that the line can wrap there.
        return BLANK * len(wide) if leads else BLANK * (len(wide) - 1) + " "

    return RUN.sub(blanks, text.replace("\r", ""))


def _is_alone(element: html.HtmlElement) -> bool:
    """Returns whether it is an item without a list, as from a partly copied list."""
    parent = element.getparent()
    return element.tag == "li" and parent is not None and parent.tag not in ("ol", "ul")


def _is_block(element: html.HtmlElement) -> bool:
    return element.tag in allowlist.BLOCKS or element.tag in LINES


def _holds_block(element: html.HtmlElement) -> bool:
    return any(_is_block(each) for each in element.iter())


def _is_a_line(element: html.HtmlElement) -> bool:
    """Returns whether it is a paragraph: words or pictures in a row, and no box with its own style."""
    plain = not element.get("style") or element.tag in ("center", "dd", "dt")
    if not plain or any(_holds_block(child) for child in element):
        return False
    return bool(element.text_content().strip()) or next(element.iter("img", "br", "svg"), None) is not None


def _put_lines_into_paragraphs(root: html.HtmlElement) -> None:
    """Puts the lines of plain text into paragraphs."""
    lines = LINE_END.split((root.text or "").rstrip().lstrip("\n"))
    if not 2 <= len(lines) <= MOST_LINES:
        return
    root.text = None
    for line in lines:
        paragraph = html.Element("p")
        # Leading blanks are kept as indentation.
        paragraph.text = with_blanks(line.rstrip())
        if not paragraph.text:
            paragraph.append(html.Element("br"))
        root.append(paragraph)


def _put_into_paragraphs(root: html.HtmlElement) -> None:
    """Puts loose text between paragraphs into paragraphs, such as the first line of a typed text."""
    if not any(_holds_block(child) for child in root):
        return
    children, paragraph = list(root), None
    first, root.text = root.text, None
    if first and first.strip():
        paragraph = html.Element("p")
        paragraph.text = first.lstrip()
        root.insert(0, paragraph)
    for child in children:
        if not _holds_block(child):
            if paragraph is None:
                paragraph = html.Element("p")
                child.addprevious(paragraph)
            paragraph.append(child)
            continue
        paragraph = None
        if child.tail and child.tail.strip():
            paragraph = html.Element("p")
            paragraph.text, child.tail = child.tail.lstrip(), None
            child.addnext(paragraph)
