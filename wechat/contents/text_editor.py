"""The widget for texts to followers: links, emoji, variables, length and preview.

It is a text area to which ``contents/text_editor.js`` adds the tools. ``for_account`` sets the account whose
variables and pages are offered. A page without an admin form loads ``TextEditor().media``.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.staff.picking import links_of
from wechat.console import codes, page_paths
from wechat.console.read_only import EMPTY, read_as
from wechat.console.text_links import linked
from wechat.contents.variables import USUAL, VARIABLES, Variable, labelled


class TextEditor(UnfoldAdminTextareaWidget):  # type: ignore[misc]  # the skin is untyped
    """The widget of a text to followers.

    ``variables`` are offered by name; ``preview`` is the address of the preview, if not the usual one.
    """

    account_id: int | None = None
    preview = ""
    has_preview = True

    class Media:
        css = {"all": ("contents/text_editor.css",)}
        js = ("contents/text_editor.js",)

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs)
        self.variables: Mapping[str, Variable] = named(USUAL)

    def for_account(self, account_id: int | None) -> None:
        self.account_id = account_id

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return wrapped(super().render(name, value, attrs, renderer), self._settings())

    def _settings(self) -> dict[str, Any]:
        return script_settings(
            self.account_id, self.variables, self.preview or self._usual_preview() if self.has_preview else ""
        )

    def _usual_preview(self) -> str:
        return f"{reverse('contents_preview')}?{urlencode({'account': self.account_id or ''})}"


def read_in_words(form: forms.BaseForm, name: str, known: Mapping[str, Variable] | None = None) -> None:
    """Shows a text of the form as it reads, to users who may not change it.

    Its links and variables are drawn.
    """

    def words() -> str:
        return linebreaksbr(linked(labelled(str(form[name].value() or ""), known))) or EMPTY

    read_as(form.fields[name], words)


def in_line(variables: Mapping[str, Variable]) -> str:
    """Returns the variables in one line, each as a placeholder with its name for staff."""
    return " · ".join(
        f"{_written(name, each)} {'' if each.label == name else each.label}".strip()
        for name, each in variables.items()
    )


def offered(variables: Mapping[str, Variable]) -> list[tuple[str, str]]:
    """Returns the variables as buttons write them: each as it is written, and its name for staff."""
    return [(_written(name, each), str(each.label)) for name, each in variables.items()]


def _written(name: str, variable: Variable) -> str:
    """Returns the placeholder of the variable, with its fallback if it may be empty."""
    return f"{{{name}|{variable.fallback}}}" if variable.fallback else f"{{{name}}}"


def named(names: Iterable[str]) -> dict[str, Variable]:
    """Returns the variables with these names, by name."""
    return {name: VARIABLES.get(name) for name in names}


def wrapped(field: SafeString, telling: Mapping[str, Any]) -> SafeString:
    """Returns the HTML of a text area with the settings of its script."""
    return format_html('<text-editor data-settings="{}">{}</text-editor>', json.dumps(telling), field)


def script_settings(
    account_id: int | None, variables: Mapping[str, Variable], preview: str
) -> dict[str, Any]:
    """Returns the settings of the script: addresses to call, choices to offer, and its texts."""
    account = urlencode({"account": account_id or ""})
    return {
        "account": account_id,
        "preview": preview,
        "people": f"{reverse('admin:followers_pick')}?{account}" if account_id else "",
        "links": links_of(account_id),
        "programs": codes.mini_programs.offered(account_id),
        "pages": page_paths.offered(account_id),
        "variables": [
            {"name": name, "label": str(each.label), "fallback": str(each.fallback)}
            for name, each in variables.items()
        ],
        "words": _words(),
    }


def _words() -> dict[str, str]:
    return {
        "tools": _("Put in"),
        "link": _("Link"),
        "emoji": _("Emoji"),
        "variables": _("Variables"),
        "linkTitle": _("Put a link in"),
        "linkWords": _("Words to tap"),
        "web": _("A web page"),
        "program": _("A mini program"),
        "address": _("Address"),
        "choosePage": _("Choose a page…"),
        "appid": _("AppID of the mini program"),
        "page": _("Page of the mini program"),
        "instead": _("Address for a WeChat that has no mini programs"),
        "put": _("Put in"),
        "cancel": _("Cancel"),
        "close": _("Close the window"),
        "wrongWords": _("Write the words that can be tapped."),
        "wrongAddress": _("An address starts with https:// or http://."),
        "wrongProgram": _("Write the AppID of the mini program; it starts with wx."),
        "fallback": _("Not everybody has a “{label}”."),
        "mend": _("Say “{fallback}” then"),
        "preview": _("What a follower sees"),
        "person": _("Show for a person…"),
        "nobody": _("Show the variables"),
        "away": _("The preview could not be made. What you write is not lost."),
    }
