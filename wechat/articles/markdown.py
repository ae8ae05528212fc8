"""The conversion of a Markdown text to HTML, to be cleaned like any other text.

What Chinese authors, and the programs they write with, put into a text is taken for what it means: emphasis
beside Chinese punctuation, footnotes, task lists, front matter.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import escapedSplit, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, emphasis, strikethrough
from markdown_it.token import Token

from wechat.articles import structure

# What programs keep about a text at its beginning: in YAML, or in TOML between lines of plus signs.
# Possessive quantifiers keep the search linear.
YAML = r"""["']?\w[\w .-]*+["']?[ \t]*+:.*\n"""
TOML = r"""["']?\w[\w."'-]*[ \t]*=.*\n"""
FURTHER = r"[ \t].*\n|#.*\n|\n"
FRONT_MATTER = re.compile(
    rf"\A\s*(?:---[ \t]*\n{YAML}(?:{YAML}|- .*\n|{FURTHER})*(?:---|\.\.\.)"
    rf"|\+\+\+[ \t]*\n(?:{TOML}|[\[\]{{}}].*\n|{FURTHER})+\+\+\+)[ \t]*(?:\n|\Z)"
)
WIDE = re.compile(structure.CHINESE)
# Chinese authors begin a paragraph with wide or no-break blanks, which the parser would take away like plain
# ones. Meanwhile each of them is a character that no text has.
BLANKS, KEPT = "\u3000\u2003\u2002\xa0", "\ufdd0\ufdd1\ufdd2\ufdd3"
KEEP, WRITE = str.maketrans(BLANKS, KEPT), str.maketrans(KEPT, BLANKS)
LEADING = re.compile(rf"^[ \t]*[{BLANKS}]+", re.MULTILINE)
TASK = re.compile(r"\[([ xX])\](?=[ \u3000])")
# How far the further lines of a footnote are indented, in columns.
INDENT = 2
# Lists and quotations inside of one another, with each item counted: what is deeper, the parser leaves out.
# Each further level costs time on every line.
DEEPEST = 30
# Each quotation looks at all lines that may follow it. Of quotations inside of one another, all signs are at
# the beginning of a line.
MOST_QUOTED_LINES = 100_000
QUOTED = re.compile(r"[ \t>*+\-0-9.)]*")


class NestedTooDeep(Exception):
    """The error for lists and quotations inside of more others than anybody writes."""


def html(text: str) -> str:
    """Returns the text as HTML. Raises ``NestedTooDeep``."""
    markdown = MarkdownIt("commonmark", {"html": True, "maxNesting": DEEPEST})
    markdown.enable(["table", "strikethrough"])
    markdown.block.ruler.at("table", _whole_table, {"alt": ["paragraph", "reference"]})
    markdown.block.ruler.before("reference", "footnote", _footnote, {"alt": ["paragraph"]})
    markdown.inline.ruler.at("emphasis", _beside_chinese(emphasis.tokenize))
    markdown.inline.ruler.at("strikethrough", _beside_chinese(strikethrough.tokenize))
    markdown.core.ruler.after("block", "depth", _check_depth)
    markdown.core.ruler.push("tasks", _tick_tasks)
    markdown.core.ruler.push("indented", _begin_lines)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    text = LEADING.sub(lambda blanks: blanks[0].translate(KEEP), FRONT_MATTER.sub("", lines))
    _check_quotations(text.split("\n"))
    written: str = markdown.render(text)
    return written.translate(WRITE)


def _whole_table(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    """Reads a table; a row with more cells than columns keeps the further ones in its last cell.

    Mostly a bar stands inside a code or a formula, and the standard would drop what follows it.
    """
    known = len(state.tokens)
    if not table(state, line, last, silent):
        return False
    columns = sum(token.type == "th_open" for token in state.tokens[known:])
    for row, cells in _rows(state.tokens[known:]):
        written = state.src[state.bMarks[row] + state.tShift[row] : state.eMarks[row]].strip()
        parts = escapedSplit(written.removeprefix("|").removesuffix("|"))
        if len(parts) > columns == len(cells):
            cells[-1].content = "|".join(parts[columns - 1 :]).strip()
    return True


def _rows(tokens: Sequence[Token]) -> Iterator[tuple[int, list[Token]]]:
    """Yields the line of each row of a table, and the contents of its cells."""
    opened: tuple[int, list[Token]] | None = None
    for token in tokens:
        if token.type == "tr_open" and token.map:
            opened = token.map[0], []
        elif opened and token.type == "inline":
            opened[1].append(token)
        elif opened and token.type == "tr_close":
            yield opened
            opened = None


def _check_quotations(lines: Sequence[str]) -> None:
    deepest = max(found[0].count(">") for line in lines if (found := QUOTED.match(line)))
    if deepest * len(lines) > MOST_QUOTED_LINES:
        raise NestedTooDeep


def _check_depth(state: StateCore) -> None:
    if any(token.level >= DEEPEST - 1 for token in state.tokens):
        raise NestedTooDeep


def _begin_lines(state: StateCore) -> None:
    """Begins a new line where a line of the text begins with such blanks."""
    for inline in state.tokens:
        for end, text in pairwise(inline.children or []):
            if end.type == "softbreak" and text.content.startswith(tuple(KEPT)):
                end.type = "hardbreak"


def _footnote(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    """Takes a footnote, ``[^1]: 说明``, for the paragraphs that it is, and not for the target of links."""
    start, end = state.bMarks[line] + state.tShift[line], state.eMarks[line]
    if state.is_code_block(line) or not state.src.startswith("[^", start):
        return False
    if silent:
        return True
    following = line + 1
    while following < last and (
        state.isEmpty(following) or state.sCount[following] - state.blkIndent >= INDENT
    ):
        following += 1
    further = state.getLines(line + 1, following, state.blkIndent, keepLastLF=False)
    for paragraph in re.split(r"\n[ \t]*\n", f"{state.src[start:end]}\n{further}"):
        if paragraph.strip():
            _push_paragraph(state, "\n".join(map(str.strip, paragraph.strip().split("\n"))))
    state.line = following
    return True


def _push_paragraph(state: StateBlock, content: str) -> None:
    state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    inline.content, inline.children = content, []
    state.push("paragraph_close", "p", -1)


def _beside_chinese(tokenize: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Returns the rule for marks such as ``**``, which count beside Chinese too.

    CommonMark tells their beginning and end by blanks and punctuation around them. Chinese has no blanks: in
    ``**“注意”**：`` it would find no end.
    """

    def rule(state: StateInline, silent: bool) -> bool:
        start, known = state.pos, len(state.delimiters)
        if not tokenize(state, silent):
            return False
        before = state.src[start - 1 : start] or " "
        after = state.src[state.pos : state.pos + 1] or " "
        if WIDE.match(before) or WIDE.match(after):
            for mark in state.delimiters[known:]:
                mark.open = mark.open or not after.isspace()
                mark.close = mark.close or not before.isspace()
        return True

    return rule


def _tick_tasks(state: StateCore) -> None:
    """Writes the boxes of a task list as signs."""
    for item, _paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type == "list_item_open" and inline.type == "inline" and inline.children:
            first = inline.children[0]
            if first.type == "text" and (box := TASK.match(first.content)):
                first.content = structure.BOXES[box[1] != " "] + first.content[box.end() :]
