"""The editor of an article's text: TinyMCE over a plain field, which has the HTML if there is no script."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.staff.picking import links_of
from wechat.articles import cleaning
from wechat.materials.widgets import picker

FOLDER = "articles/tinymce"
PLUGINS = ("advlist", "charmap", "fullscreen", "link", "lists", "nonbreaking", "searchreplace", "table")
SCRIPTS = (
    "tinymce.min.js", "icons/default/icons.min.js", "models/dom/model.min.js", "themes/silver/theme.min.js",
    "langs/zh-Hans.js", *(f"plugins/{name}/plugin.min.js" for name in PLUGINS),
)  # fmt: skip


def as_it_looks(text: str) -> SafeString:
    """Returns the text of an article as HTML for readers who may not edit it."""
    return format_html('<div class="article-read">{}</div>', mark_safe(cleaning.clean(text)))  # noqa: S308 - cleaned


class ArticleEditor(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # the skin is untyped
    """The editor of an article's text.

    Its addresses are in the field's data attributes, so that the page needs no inline script.
    """

    def __init__(self) -> None:
        super().__init__(attrs={"class": "article-text", "rows": 12})

    @property
    def media(self) -> forms.Media:
        scripts = (*(f"{FOLDER}/{name}" for name in SCRIPTS), "articles/autosave.js", "articles/editor.js")
        return forms.Media(js=scripts, css={"all": ("articles/editor.css",)})

    def for_account(self, account_id: int | None) -> None:
        """Sets the account whose library pictures are picked from and added to."""
        if account_id is None:
            return
        asked = urlencode({"account": account_id})
        self.attrs |= {
            "data-clean": f"{reverse('admin:articles_clean')}?{asked}",
            "data-picture": f"{reverse('admin:articles_picture')}?{asked}",
            "data-library": picker(account_id, "image")["data-pick"],
            "data-links": f"{links_of(account_id)}&{urlencode({'group': _('Published articles')})}",
            "data-base": static(f"{FOLDER}/{SCRIPTS[0]}").rpartition("/")[0],
            "data-look": static("articles/wechat.css"),
            "data-most": cleaning.LIMITS.characters,
        }

    def format_value(self, value: Any) -> str | None:
        """Returns the cleaned text, because the editor trusts its input.

        A refused text comes back through this method.
        """
        shown: str | None = super().format_value(value)
        return cleaning.clean(shown) if shown else shown
