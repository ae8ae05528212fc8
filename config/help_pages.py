"""The guides of ``docs/staff`` as pages of the console, in the reader's language."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import east_asian_width

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from markdown_it import MarkdownIt
from markdown_it.token import Token

from config.embedded import PROJECT
from wechat.console.by_name import matches

GUIDES = PROJECT / "docs" / "staff"
# The file of the first guide is called by its language alone.
FIRST = "start"
# What the documentation of the API is called there.
API = "../api."
# Each guide's line to itself in the other language has this.
LANGUAGES = "简体中文"
# A heading or paragraph is its beginning, its text and its end.
BLOCK = 3
# The widths of Chinese signs, and of those like quotation marks that are as wide as their text.
WIDE = ("W", "F", "A")
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading of a guide, with the place where it stands."""

    guide: str
    title: str
    anchor: str

    @property
    def within(self) -> str:
        """Returns the title of its guide; empty for the heading that is that title."""
        title = _read(self.guide, _language())[0]
        return "" if title == self.title else title

    @property
    def link(self) -> str:
        return f"{reverse('help', args=[self.guide])}#{self.anchor}"


def show(request: HttpRequest, guide: str) -> HttpResponse:
    """Shows one guide."""
    if guide not in _guides(_language()):
        raise Http404
    title, body = _read(guide, _language())
    context = {**admin.site.each_context(request), "title": title, "guide": body}
    return TemplateResponse(request, "console/help.html", context)


def chapters(wanted: str) -> Iterator[Chapter]:
    """Returns the headings that contain these words, as characters or as pinyin."""
    for guide in _guides(_language()):
        for chapter in _chapters(guide, _language()):
            if matches(chapter.title, wanted):
                yield chapter


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh-CN"


@functools.cache
def _guides(language: str) -> tuple[str, ...]:
    names = sorted(path.name for path in GUIDES.glob(f"*{language}.md"))
    return tuple(name.removesuffix(f"{language}.md").removesuffix(".") or FIRST for name in names)


@functools.cache
def _chapters(guide: str, language: str) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(guide, following.content, str(token.attrs["id"]))
        for token, following in _headings(_tokens(guide, language))
    )


@functools.cache
def _read(guide: str, language: str) -> tuple[str, SafeString]:
    tokens = _tokens(guide, language)
    title = next(following.content for _token, following in _headings(tokens))
    # Written by us, and without raw HTML.
    body = MARKDOWN.renderer.render(_body(tokens), MARKDOWN.options, {})
    return title, mark_safe(body)  # noqa: S308 - of our own guides


def _tokens(guide: str, language: str) -> list[Token]:
    name = f"{language}.md" if guide == FIRST else f"{guide}.{language}.md"
    tokens = MARKDOWN.parse((GUIDES / name).read_text())
    for number, (token, _following) in enumerate(_headings(tokens)):
        token.attrSet("id", f"h{number}")
    for children in (token.children for token in tokens if token.children):
        for child in children:
            _lead(child)
        _join_lines(children)
    return tokens


def _body(tokens: list[Token]) -> list[Token]:
    """Returns what follows the title, without the line that leads to other places of a repository."""
    after = tokens[BLOCK:]
    return after[BLOCK:] if len(after) > BLOCK and LANGUAGES in after[1].content else after


def _lead(token: Token) -> None:
    """Rewrites links to guides, to the API's description and to pictures for the console."""
    name = str(token.attrs.get("href", "")).partition("#")[0]
    if name.startswith(API):
        token.attrSet("href", reverse("docs"))
    elif name.endswith(".md"):
        guide = name.rpartition("/")[2].removesuffix(".md").removesuffix("zh-CN").removesuffix("en")
        known = guide.removesuffix(".") or FIRST
        token.attrSet("href", reverse("help", args=[known]))
    elif src := str(token.attrs.get("src", "")).removeprefix("../images/"):
        token.attrSet("src", static(f"guide/{src}"))


def _join_lines(children: list[Token]) -> None:
    """Takes the ends of the source's lines out of Chinese text, where they would be spaces."""
    written = [child for child in children if child.content or child.type == "softbreak"]
    for before, end, after in zip(written, written[1:], written[2:], strict=False):
        if end.type == "softbreak" and _is_wide(before.content[-1:]) and _is_wide(after.content[:1]):
            end.type = "text"


def _is_wide(sign: str) -> bool:
    return sign != "" and east_asian_width(sign) in WIDE


def _headings(tokens: list[Token]) -> Iterator[tuple[Token, Token]]:
    return ((token, after) for token, after in pairwise(tokens) if token.type == "heading_open")
