"""The search page: it finds pages, guides, and rows of the account by ``accounts.staff.search``."""

from collections.abc import Iterator
from itertools import islice

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.staff.rights import Area, Rights, current_account
from accounts.staff.search import LONGEST, MOST, Found, ResultGroup, searched
from config import help_pages, navigation
from wechat.console.by_name import matches


def show(request: HttpRequest) -> HttpResponse:
    """Shows the results; with ``part`` only the list of them, for the window that searches while typing."""
    wanted = request.GET.get("q", "").strip()[:LONGEST]
    account = current_account(request)
    groups = [*_pages(request, wanted), *searched(request, account, wanted), *_help(wanted)]
    may_see = account is not None and Rights.of(request.user).may_view(Area.MESSAGES, account.pk)
    context = {
        "title": _("Search"),
        "wanted": wanted,
        "account": account,
        "groups": groups,
        "nothing": not any(group.found for group in groups),
        "may_see_messages": may_see,
    }
    if "part" in request.GET:
        return TemplateResponse(request, "console/search_results.html", context)
    return TemplateResponse(request, "console/search.html", {**admin.site.each_context(request), **context})


def _pages(request: HttpRequest, wanted: str) -> Iterator[ResultGroup]:
    items = [
        (item, group.get("title", "")) for group in navigation.sidebar(request) for item in group["items"]
    ]
    found = [
        Found(str(item["title"]), str(title), item["link"])
        for item, title in items
        if wanted and matches(str(item["title"]), wanted)
    ]
    if found:
        yield ResultGroup(_("Pages of the console"), "web_asset", found[:MOST])


def _help(wanted: str) -> Iterator[ResultGroup]:
    found = list(islice(help_pages.chapters(wanted), MOST)) if wanted else []
    if found:
        yield ResultGroup(_("Help"), "help", [Found(each.title, each.within, each.link) for each in found])
