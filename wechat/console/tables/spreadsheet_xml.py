"""The XML of a workbook's parts, parsed in chunks so that no part is ever in memory as a whole.

Names are compared without their prefix: writers choose it freely, and strict Open XML has other namespaces.
Reference: ECMA-376 part 1, 18 (SpreadsheetML).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any
from xml.parsers import expat

from wechat.console.tables.limits import Budget, no_table

CHUNK = 1 << 16
# Excel's escape of a character that XML does not allow.
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# What begins like an escape and is none, as in an OpenID.
UNESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

Attributes = Mapping[str, str]
TRUE = frozenset({"1", "true", "on"})
Start = Callable[[Attributes], None]
End = Callable[[], None]


class Parser:
    """Calls the handlers registered for an element's name, at its start and at its end."""

    def __init__(self) -> None:
        self.starts: dict[str, Start | None] = {}
        self.ends: dict[str, End | None] = {}
        self._text: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._started
        self._parser.EndElementHandler = self._ended
        self._parser.StartDoctypeDeclHandler = _refuse

    def collect(self, _attributes: Attributes) -> None:
        """Collects the following text, until ``collected``."""
        self._parser.CharacterDataHandler = self._text.append

    def collected(self) -> str:
        """Returns the text since ``collect``."""
        self._parser.CharacterDataHandler = None
        text = "".join(self._text)
        self._text.clear()
        return text

    def fed(self, part: IO[bytes], budget: Budget) -> Iterator[None]:
        """Parses a chunk of the part at each step. Raises ``UnreadableTable``."""
        more = True
        while more:
            budget.begin()
            chunk = part.read(CHUNK)
            more = bool(chunk)
            try:
                self._parser.Parse(chunk, not more)
            except (expat.ExpatError, ValueError, LookupError) as error:
                raise no_table() from error
            budget.end()
            yield

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if name not in self.starts:
            self.starts[name] = self.starts.get(_local(name))
        handler = self.starts[name]
        if handler is not None:
            handler(attributes)

    def _ended(self, name: str) -> None:
        if name not in self.ends:
            self.ends[name] = self.ends.get(_local(name))
        handler = self.ends[name]
        if handler is not None:
            handler()


class Runs:
    """A text that may consist of several runs, without the phonetic runs of Japanese."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self._runs: list[str] = []
        self._is_aid = False
        parser.starts |= {"t": parser.collect, "rPh": self._aid}
        parser.ends |= {"t": self._run, "rPh": self._aid_over}

    def taken(self) -> str:
        """Returns the text since the last call."""
        text = "".join(self._runs)
        self._runs.clear()
        return unescaped(text)

    def _run(self) -> None:
        text = self._parser.collected()
        if not self._is_aid:
            self._runs.append(text)

    def _aid(self, _attributes: Attributes) -> None:
        self._is_aid = True

    def _aid_over(self) -> None:
        self._is_aid = False


class SharedStrings:
    """The texts that cells refer to by number, unpacked only as far as they are needed."""

    def __init__(self, part: IO[bytes] | None, budget: Budget) -> None:
        parser = Parser()
        self._runs = Runs(parser)
        parser.ends["si"] = self._add
        self._texts: list[str] = []
        self._fed = parser.fed(part, budget) if part else iter(())

    def __getitem__(self, number: int) -> str:
        """Raises ``UnreadableTable`` for a text that does not exist."""
        while number >= len(self._texts):
            if next(self._fed, self) is self:
                raise no_table()
        return self._texts[number]

    def _add(self) -> None:
        self._texts.append(self._runs.taken())


def escaped(text: str) -> str:
    """Returns a text to be written, of which no part is taken for an escape."""
    return UNESCAPED.sub("_x005F_", text) if "_x" in text else text


def unescaped(text: str) -> str:
    """Returns the text with escapes such as ``_x000D_`` as characters."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def elements(part: IO[bytes], names: Iterable[str], budget: Budget) -> Iterator[tuple[str, Attributes]]:
    """Yields each element of these names with its attributes, all names without prefix."""
    found: list[tuple[str, Attributes]] = []

    def keep(name: str) -> Start:
        return lambda attributes: found.append(
            (name, {_local(key): value for key, value in attributes.items()})
        )

    parser = Parser()
    parser.starts |= {name: keep(name) for name in names}
    for _step in parser.fed(part, budget):
        yield from found
        found.clear()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse(*declared: Any) -> None:
    """Refuses a document type: no writer of workbooks declares one, and its entities could be huge."""
    raise no_table()
