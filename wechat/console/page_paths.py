"""The paths of mini-program pages: those in use, offered where one is typed, and the check of a typed one.

An app registers the paths that its rows use in its ``handlers.py``::

    @page_paths.used.register
    def in_replies(account_id): yield pages_of(Reply.objects.filter(rule__account=account_id))

Reference: WeChat reference 5 (menu buttons), 8.2 (mini-program cards).
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wechat.console.codes import Suggesting
from wechat.kernel.placeholders import PLACEHOLDER
from wechat.kernel.registry import Registry

Pairs = QuerySet[Any, tuple[str, str]]
# Called with an account's id; returns queries of pairs of AppID and path, which are asked in one statement.
Source = Callable[[int], Iterable[Pairs]]

EXAMPLE = "pages/index/index"
OFFERED = 200
PARTS = re.compile(r"([^?？]*)([?？]?)(.*)", re.DOTALL)
# What a Chinese keyboard writes; of the query only what divides it, as a value may be Chinese.
HALF_WIDTH = str.maketrans({"／": "/", "．": ".", "＿": "_", "－": "-", "\u3000": " "})
HALF_WIDTH_QUERY = str.maketrans({"＝": "=", "＆": "&"})

used: Registry[Source] = Registry("source of page paths")


def offered(account_id: int | None) -> list[tuple[str, str]]:
    """Returns AppID and path of the pages that are in use in the account."""
    if not account_id:
        return []
    first, *others = [pairs for source in used for pairs in source(account_id)]
    return sorted((appid, path) for appid, path in first.union(*others) if path)[:OFFERED]


def tidied(path: str) -> str:
    """Returns the path as WeChat takes it: half-width, without a slash before it and ``.html`` behind it."""
    found = PARTS.fullmatch(path.strip())
    assert found is not None
    page = found[1].translate(HALF_WIDTH).strip().lstrip("/").removesuffix(".html")
    query = found[3].translate(HALF_WIDTH_QUERY).strip()
    return f"{page}?{query}" if found[2] else page


def check(path: str) -> None:
    """Raises ``ValidationError`` for a tidied path that names no page of a mini program."""
    page = path.partition("?")[0]
    if "://" in page or page.startswith(("#", "www.")):
        raise ValidationError(
            _("This is an address, and no page of a mini program: write the path of the page, such as "
              "%(example)s. Whoever made the mini program knows it.") % {"example": EXAMPLE}
        )  # fmt: skip
    if re.search(r"\s", PLACEHOLDER.sub("", path)):
        raise ValidationError(_("A page path has no blanks: take them out, or write %20 in their place."))


class PagePathInput(Suggesting):
    """A text field that suggests the paths in use for the mini program that stands in the field beside it."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        known, options = f"known-{name}", '<option value="{1}" data-appid="{0}"></option>'
        beside = {**(attrs or {}), "list": known, "autocomplete": "off", "placeholder": EXAMPLE}
        field = super(Suggesting, self).render(name, value, beside, renderer)
        return format_html(
            '{}<datalist id="{}">{}</datalist>', field, known, format_html_join("", options, self.offered)
        )


class PagePathField(forms.CharField):
    """A field for the page of a mini program; what can be put right without asking is."""

    widget = PagePathInput
    default_validators = [check]

    def for_account(self, account_id: int | None) -> None:
        """Sets the account whose paths are suggested."""
        cast(PagePathInput, self.widget).offered = offered(account_id)

    def to_python(self, value: Any) -> str:
        return tidied(super().to_python(value) or "")
