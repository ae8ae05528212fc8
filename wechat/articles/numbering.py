"""The numbers that Word gives to paragraphs, such as 一、 and （二）, which are no text of the document.

HTML has lists for the simplest of them only. The others are written into the paragraphs, because neither a
heading nor a list that other paragraphs interrupt would have its numbers.

Reference: ECMA-376 part 1, 17.9 (numbering), 17.18.59 (formats of numbers).
"""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lxml import etree

from wechat.articles.word_parts import (
    CHOICE,
    STYLES,
    W,
    document_name,
    parsed,
    properties_without,
    value_of,
    with_document,
)

NUMBERING = "word/numbering.xml"
PLACE = re.compile(r"%([1-9])")
# After these no blank is needed before the text.
WIDE = "、。．，：）】〕"
CHINESE, FORMAL = "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"
UNITS, FORMAL_UNITS = ("", "十", "百", "千"), ("", "拾", "佰", "仟")
ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
    (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
LARGEST = 9999
# Of the text around a number, which each paragraph of the list repeats.
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a numbering: the format of its number, its text with places, and the first number."""

    form: str
    text: str
    start: int

    @property
    def is_of_html(self) -> bool:
        return self.form == "decimal" and self.text in ("%1.", "%1") and self.start == 1


@dataclass(frozen=True, slots=True)
class Numbered:
    """A paragraph with the number of its list, the list's definition, and its level from 0."""

    paragraph: etree._Element
    number: str
    definition: str
    level: int


@dataclass(slots=True)
class Numberings:
    """The numberings of a document: definitions by number of list, levels of each, and those of styles.

    ``headings`` are the styles that the converter makes headings.
    """

    definitions: dict[str, str] = field(default_factory=dict)
    levels: dict[str, dict[int, Level]] = field(default_factory=dict)
    restarts: dict[tuple[str, int], int] = field(default_factory=dict)
    of_styles: dict[str, tuple[str, int]] = field(default_factory=dict)
    headings: set[str] = field(default_factory=set)


def written_out(body: bytes) -> bytes:
    """Returns the Word file with the numbers as text that no list of HTML shows.

    Raises ``lxml.etree.XMLSyntaxError`` and the errors of ``zipfile``.
    """
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        name = document_name(parts)
        if not name or NUMBERING not in parts.namelist():
            return body
        document = parsed(parts.read(name))
        styles = parts.read(STYLES) if STYLES in parts.namelist() else None
        numberings = _numberings(parsed(parts.read(NUMBERING)), parsed(styles) if styles else None)
        if not _write_numbers(list(_numbered(document, numberings)), numberings):
            return body
        return with_document(parts, document)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else otherwise


def _numberings(numbering: etree._Element, styles: etree._Element | None) -> Numberings:
    found = Numberings()
    linked: dict[str, int] = {}
    for definition in numbering.iterfind(f"{W}abstractNum"):
        levels = found.levels[definition.get(f"{W}abstractNumId", "")] = {}
        for level in definition.iterfind(f"{W}lvl"):
            place = _whole(level.get(f"{W}ilvl", ""), 0)
            start = _whole(value_of(level, f"{W}start"), 1)
            text = value_of(level, f"{W}lvlText")[:LONGEST_TEXT]
            levels[place] = Level(value_of(level, f"{W}numFmt"), text, start)
            linked[value_of(level, f"{W}pStyle")] = place
    for listed in numbering.iterfind(f"{W}num"):
        number = listed.get(f"{W}numId", "")
        found.definitions[number] = value_of(listed, f"{W}abstractNumId")
        for override in listed.iterfind(f"{W}lvlOverride"):
            if first := value_of(override, f"{W}startOverride"):
                found.restarts[number, _whole(override.get(f"{W}ilvl", ""), 0)] = _whole(first, 1)
    if styles is not None:
        _read_styles(styles, linked, found)
    return found


def _read_styles(styles: etree._Element, linked: Mapping[str, int], found: Numberings) -> None:
    """Adds what styles say of the numbers of their paragraphs; ``linked`` are levels by style."""
    for style in styles.iterfind(f"{W}style"):
        name, numbered = style.get(f"{W}styleId", ""), style.find(f"{W}pPr/{W}numPr")
        if number := value_of(numbered, f"{W}numId"):
            found.of_styles[name] = number, _whole(value_of(numbered, f"{W}ilvl"), linked.get(name, 0))
        if value_of(style, f"{W}name").lower().startswith("heading"):
            found.headings.add(name)


def _numbered(document: etree._Element, numberings: Numberings) -> Iterator[Numbered]:
    """Yields the paragraphs in order that have a number, and no bullet."""
    for paragraph in document.iter(f"{W}p"):
        properties = paragraph.find(f"{W}pPr")
        own = properties.find(f"{W}numPr") if properties is not None else None
        of_style = numberings.of_styles.get(value_of(properties, f"{W}pStyle"), ("", 0))
        number = value_of(own, f"{W}numId") or of_style[0]
        level = _whole(value_of(own, f"{W}ilvl"), of_style[1])
        definition = numberings.definitions.get(number, "")
        form = numberings.levels.get(definition, {}).get(level)
        if form is None or form.form in ("bullet", "none", ""):
            continue
        if not any(above.tag == CHOICE for above in paragraph.iterancestors()):
            yield Numbered(paragraph, number, definition, level)


def _write_numbers(numbered: Sequence[Numbered], numberings: Numberings) -> bool:
    """Writes the numbers of lists that HTML does not show into their paragraphs; returns whether it did."""
    lists = defaultdict[str, list[Numbered]](list)
    for each in numbered:
        lists[each.definition].append(each)
    of_word = [members for members in lists.values() if not _is_of_html(members, numberings)]
    for members in of_word:
        for each, text in zip(members, _texts(members, numberings), strict=True):
            _write(each.paragraph, text)
    return bool(of_word)


def _is_of_html(members: Sequence[Numbered], numberings: Numberings) -> bool:
    """Returns whether the paragraphs follow one another in a list that HTML counts in the same way."""
    following = pairwise(members)
    levels = numberings.levels[members[0].definition]
    styles = {value_of(each.paragraph, f"{W}pPr/{W}pStyle") for each in members}
    return (
        len({each.number for each in members}) == 1
        and all(each.level == 0 and levels[0].is_of_html for each in members)
        and all(one.paragraph.getnext() is other.paragraph for one, other in following)
        and not styles & numberings.headings
    )


def _texts(members: Sequence[Numbered], numberings: Numberings) -> Iterator[str]:
    levels = numberings.levels[members[0].definition]
    counts: dict[int, int] = {}
    begun: set[tuple[str, int]] = set()
    for each in members:
        place = each.number, each.level
        if place in numberings.restarts and place not in begun:
            counts[each.level] = numberings.restarts[place] - 1
        begun.add(place)
        counts[each.level] = counts.get(each.level, levels[each.level].start - 1) + 1
        counts = {level: count for level, count in counts.items() if level <= each.level}
        yield _text(levels, each.level, counts)


def _text(levels: Mapping[int, Level], level: int, counts: Mapping[int, int]) -> str:
    def number(place: re.Match[str]) -> str:
        at = int(place[1]) - 1
        if at not in levels:
            return ""
        count = counts.get(at, levels[at].start)
        return FORMS.get(levels[at].form, str)(min(count, LARGEST))

    text = PLACE.sub(number, levels[level].text)
    return text if not text or text[-1] in WIDE else f"{text} "


def _write(paragraph: etree._Element, text: str) -> None:
    properties = properties_without(paragraph, "numPr")
    # The list 0 is none, also where the style has one.
    none = etree.SubElement(properties, f"{W}numPr")
    etree.SubElement(none, f"{W}ilvl", {f"{W}val": "0"})
    etree.SubElement(none, f"{W}numId", {f"{W}val": "0"})
    run = etree.Element(f"{W}r")
    etree.SubElement(run, f"{W}t").text = text
    properties.addnext(run)


def _chinese(number: int, digits: str = CHINESE, units: Sequence[str] = UNITS) -> str:
    """Returns 12 as 十二 and 205 as 二百零五."""
    text, written = "", str(number)
    for place, digit in enumerate(written):
        unit = units[len(written) - 1 - place]
        if digit != "0":
            text += digits[int(digit)] + unit
        elif not text.endswith(digits[0]):
            text += digits[0]
    text = text.rstrip(digits[0]) or digits[0]
    return text[1:] if digits == CHINESE and text.startswith("一十") else text


def _letters(number: int) -> str:
    """Returns 1 as a, 27 as aa and 28 as bb, as Word does."""
    times, letter = divmod(max(number, 1) - 1, 26)
    return chr(ord("a") + letter) * (times + 1)


def _roman(number: int) -> str:
    text = ""
    for value, letters in ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def _of(signs: str) -> Callable[[int], str]:
    return lambda number: signs[number - 1] if 0 < number <= len(signs) else str(number)


FORMS: Mapping[str, Callable[[int], str]] = {
    **dict.fromkeys(
        ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting",
         "taiwaneseCountingThousand", "ideographDigital", "koreanDigital2"),
        _chinese,
    ),
    **dict.fromkeys(
        ("chineseLegalSimplified", "ideographLegalTraditional", "japaneseLegal"),
        lambda number: _chinese(number, FORMAL, FORMAL_UNITS),
    ),
    **dict.fromkeys(
        ("decimalEnclosedCircle", "decimalEnclosedCircleChinese"),
        _of("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
    ),
    "ideographTraditional": _of("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _of("子丑寅卯辰巳午未申酉戌亥"),
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
}  # fmt: skip
