"""The answers to the window of a picker, which the console's script opens for fields with ``data-pick``.

The field has the address of a page that answers with ``found``; the reader searches, filters and scrolls in
the window without leaving the form. ``LinkInput`` is such a field for addresses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.official import links
from accounts.official.models import OfficialAccount
from accounts.staff.gate import named_account_page
from accounts.staff.rights import Area


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of a picker: ``value`` goes into the field, ``image`` is the address of a small picture.

    ``icon`` is shown where there is no picture. With ``take``, the value is what a POST to that address
    answers.
    """

    value: str
    title: str
    detail: str = ""
    image: str = ""
    icon: str = ""
    take: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A drop-down above the choices; ``name`` is the parameter that its value is sent as."""

    name: str
    label: StrOrPromise
    options: Sequence[tuple[str, StrOrPromise]]


def picker_response(
    choices: Sequence[Choice],
    *,
    filters: Sequence[Filter] = (),
    more: str = "",
    empty: StrOrPromise,
    upload: Mapping[str, str | int] | None = None,
    lines: bool = False,
    link: tuple[str, StrOrPromise] | None = None,
) -> JsonResponse:
    """Returns the choices of a picker; ``more`` is the next request's ``after``, ``upload`` is for files.

    With ``lines`` the choices are lines rather than tiles; ``link`` is an address with its words below them.
    """
    filter_data = [
        {
            "name": each.name,
            "label": str(each.label),
            "options": [(key, str(label)) for key, label in each.options],
        }
        for each in filters
    ]
    words = {
        "search": _("Search"), "close": _("Close the window"), "more": _("Show more"),
        "upload": _("Upload a file"), "wait": _("Being uploaded…"),
        "failed": _("That did not work. Try again."), "empty": str(empty),
    }  # fmt: skip
    choice_data: list[dict[str, Any]] = [asdict(each) for each in choices]
    return JsonResponse(
        {
            "choices": choice_data,
            "filters": filter_data,
            "more": more,
            "words": words,
            "upload": upload,
            "lines": lines,
            "link": link and {"url": link[0], "words": str(link[1])},
        }
    )


@named_account_page(Area.CONTENT)
def link_page(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Returns the pages of the account that the console knows, as choices."""
    group = request.GET.get("group", "")
    offered = links.offered(account, request.GET.get("q", "").strip())
    every = links.offered(account)
    groups = dict.fromkeys(str(link.group) for link in every)
    return picker_response(
        [
            Choice(link.url, link.title, f"{link.group} · {link.url}", icon="link")
            for link in offered
            if group in ("", str(link.group))
        ],
        filters=[Filter("group", _("Kind of page"), [("", _("All")), *((name, name) for name in groups)])],
        empty=_("The console knows no such page. Type the address instead."),
    )


def links_of(account_id: int | None) -> str:
    """Returns the address of the picker of an account's pages."""
    return f"{reverse('admin:staff_links')}?{urlencode({'account': account_id or ''})}"


class LinkInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # the skin is untyped
    """An input for an address, typed or picked; ``for_account`` sets the account whose pages are offered."""

    def for_account(self, account_id: int | None) -> None:
        self.attrs |= {
            "data-pick": links_of(account_id),
            "data-pick-label": str(gettext_lazy("Choose a page…")),
            "inputmode": "url",
        }
