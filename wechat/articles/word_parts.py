"""The parts of a Word file (.docx), and the texts that its converter would pass over or show by mistake.

Fields, text directions, phonetic guides, text boxes and drawn shapes contain text in elements that the
converter does not know, and so do some line ends and tabs; hidden text it does not know as hidden.

Reference: ECMA-376 part 1, 17.16.19 (simple fields), 17.3.3.25 (phonetic guides), 17.3.2.41 (hidden text);
part 3, 10 (alternative content).
"""

import io
import zipfile
from collections.abc import Callable

from lxml import etree

RELATIONS, DOCUMENT, STYLES = "_rels/.rels", "word/document.xml", "word/styles.xml"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Of the versions of a drawing, the newer one and the one that the converter reads.
CHOICE, FALLBACK = f"{COMPATIBILITY}Choice", f"{COMPATIBILITY}Fallback"
VML = "{urn:schemas-microsoft-com:vml}"
# The shapes whose text the converter reads.
SHAPES = {f"{VML}{name}" for name in ("group", "rect", "roundrect", "shape", "textbox")}
OTHER_NAMES = {f"{W}cr": f"{W}br", f"{W}ptab": f"{W}tab"}
AROUND_RUNS = (f"{W}fldSimple", f"{W}bdo", f"{W}dir")
OFF = frozenset({"0", "false", "off"})


def parsed(part: bytes) -> etree._Element:
    """Returns the root of a part. Raises ``lxml.etree.XMLSyntaxError``."""
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def value_of(element: etree._Element | None, path: str) -> str:
    """Returns the value of the element at a path, or the empty text."""
    found = element.find(path) if element is not None else None
    return found.get(f"{W}val", "") if found is not None else ""


def properties_without(paragraph: etree._Element, name: str) -> etree._Element:
    """Returns the properties of a paragraph, which it has from now on, after removing those of this name."""
    properties = paragraph.find(f"{W}pPr")
    if properties is None:
        properties = etree.Element(f"{W}pPr")
        paragraph.insert(0, properties)
    for replaced in properties.findall(f"{W}{name}"):
        properties.remove(replaced)
    return properties


def document_name(parts: zipfile.ZipFile) -> str:
    """Returns the name of the part with the text, which not every program gives Word's; or the empty text."""
    names = set(parts.namelist())
    if RELATIONS in names:
        for each in parsed(parts.read(RELATIONS)).iter("{*}Relationship"):
            name = each.get("Target", "").removeprefix("/")
            if each.get("Type", "").endswith("/officeDocument") and name in names:
                return name
    return DOCUMENT if DOCUMENT in names else ""


def with_document(parts: zipfile.ZipFile, document: etree._Element) -> bytes:
    """Returns the Word file with another document."""
    written, changed = io.BytesIO(), document_name(parts)
    with zipfile.ZipFile(written, "w") as target:
        for name in dict.fromkeys(parts.namelist()):
            target.writestr(name, etree.tostring(document) if name == changed else parts.read(name))
    return written.getvalue()


def with_all_texts(body: bytes) -> bytes:
    """Returns the Word file with all shown texts in runs and paragraphs, and without hidden ones.

    Raises ``lxml.etree.XMLSyntaxError`` and the errors of ``zipfile``.
    """
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        if not (name := document_name(parts)):
            return body
        document = parsed(parts.read(name))
        for step in STEPS:
            step(document)
        return with_document(parts, document)


def _take_out_hidden_runs(document: etree._Element) -> None:
    for mark in list(document.iter(f"{W}vanish")):
        run = next(mark.iterancestors(f"{W}r"), None)
        if run is not None and mark.get(f"{W}val") not in OFF:
            _remove(run)


def _take_the_only_version(document: etree._Element) -> None:
    """Takes the newer version of a drawing where there is no other one."""
    for alternatives in list(document.iter(f"{COMPATIBILITY}AlternateContent")):
        newer = alternatives.find(CHOICE)
        if alternatives.find(FALLBACK) is None and newer is not None:
            _replace(alternatives, list(newer))


def _unwrap(document: etree._Element) -> None:
    for wrapper in list(document.iter(*AROUND_RUNS)):
        _replace(wrapper, list(wrapper))


def _write_readings(document: etree._Element) -> None:
    """Writes a phonetic guide behind its characters."""
    for guide in list(document.iter(f"{W}ruby")):
        text = etree.Element(f"{W}t")
        text.text = f"{_text(guide, 'rubyBase')}({_text(guide, 'rt')})"
        _replace(guide, [text])


def _write_boxes(document: etree._Element) -> None:
    """Writes the paragraphs of a text box behind the paragraph that it belongs to."""
    for box in list(document.iter(f"{W}txbxContent")):
        above = list(box.iterancestors())
        paragraph = next((each for each in above if each.tag == f"{W}p"), None)
        if paragraph is not None and not any(each.tag in (f"{W}pict", CHOICE) for each in above):
            for each in reversed(list(box)):
                paragraph.addnext(each)


def _use_other_names(document: etree._Element) -> None:
    """Gives line ends, tabs and shapes with a text the names that the converter knows."""
    for each in document.iter(*OTHER_NAMES):
        each.tag = OTHER_NAMES[str(each.tag)]
    for box in document.iter(f"{W}txbxContent"):
        for shape in box.iterancestors(f"{VML}*"):
            if shape.tag not in SHAPES:
                shape.tag = f"{VML}shape"


def _text(element: etree._Element, name: str) -> str:
    part = element.find(f"{W}{name}")
    return "".join(map(str, part.itertext(f"{W}t"))) if part is not None else ""


def _replace(element: etree._Element, others: list[etree._Element]) -> None:
    for other in others:
        element.addprevious(other)
    _remove(element)


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


STEPS: tuple[Callable[[etree._Element], None], ...] = (
    _take_out_hidden_runs, _take_the_only_version, _unwrap, _write_readings, _write_boxes, _use_other_names,
)  # fmt: skip
