"""The overview of an account's menus: audiences, live and scheduled versions, and differences from WeChat."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.followers.person_picker import PersonField
from accounts.official.clients import client_for
from accounts.official.error_sentences import of_error, of_row
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, object_page, reader
from accounts.staff.rights import Area
from menus import drafts, live, publications, tree, watching
from menus.access import PUBLISHING, all_menus, frame, may_publish
from menus.buttons import from_platform
from menus.describing import audience
from menus.differences import from_live
from menus.models import LiveMenu, Menu, Publication, Version
from menus.planning import Live
from menus.taking_over import take_over
from menus.tapped_buttons import with_taps
from wechat.sdk.calls import menus as api
from wechat.sdk.errors import WeChatError

MOST_PUBLICATIONS = 10


class SeenForm(forms.Form):
    """The form that chooses the follower whose menu is shown."""

    who = PersonField()

    def __init__(self, account: OfficialAccount, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(PersonField, self.fields["who"]).for_account(account.pk)


@account_page(Area.CONTENT)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    context = frame(request, _("Menus"))
    watched, cards = watching.watch(account), _cards(account)
    context |= {
        "cards": cards,
        "lacks_default": all(card["menu"].conditional for card in cards),
        "watched": watched,
        "differences": _differences(account, watched),
        "publications": _publications(account),
        "running": publications.running(account.pk),
        "seen": _seen(request, account),
    }
    return TemplateResponse(request, "menus/overview.html", context)


def _cards(account: OfficialAccount) -> list[dict[str, Any]]:
    versions = live.live_versions(account)
    menus = list(Menu.objects.filter(account=account))
    unpublished = {
        each.menu_id: each
        for each in Version.objects.filter(menu__in=menus, state=Version.State.DRAFT).select_related("menu")
    }
    buttons = tree.read_many([*versions.values(), *unpublished.values()])
    cards = []
    for menu in menus:
        version, draft = versions.get(menu.pk), unpublished.get(menu.pk)
        shown = version or draft
        changed = version is not None and (
            (menu.conditional and version.audience != menu.audience)
            or (draft is not None and buttons[draft.pk] != buttons[version.pk])
        )
        cards.append(
            {
                "menu": menu,
                "version": version,
                "audience": audience(shown) if shown else "",
                "shown": with_taps(buttons[shown.pk]) if shown else [],
                "changed": changed,
            }
        )
    return cards


def _publications(account: OfficialAccount) -> list[Publication]:
    rows = Publication.objects.filter(account=account).select_related("menu", "version", "asked_by")
    return list(rows.order_by("-id")[:MOST_PUBLICATIONS])


def _differences(account: OfficialAccount, watched: LiveMenu) -> list[dict[str, Any]]:
    """Returns by menu how WeChat's menus differ from what was published here."""
    if watched.differs_since is None or watched.live is None:
        return []
    found = live.load(watched.live)
    versions = live.live_versions(account)
    buttons = tree.read_many(list(versions.values()))
    shown = []
    for menu in Menu.objects.filter(account=account):
        ours = buttons[versions[menu.pk].pk] if menu.pk in versions else ()
        theirs = _buttons_for(menu, versions.get(menu.pk), found)
        lines = from_live(theirs, ours, tree.media_of(ours)) if theirs or ours else []
        if lines:
            shown.append({"menu": menu, "lines": lines})
    return shown


def _buttons_for(menu: Menu, version: Version | None, found: Live) -> Any:
    if not menu.conditional:
        return found.button
    if version is None:
        return ()
    try:
        rule = live.matchrule(version)
    except live.MenuNotReady:
        return ()
    return next((each.button for each in found.conditional if each.rule == rule), ())


def _seen(request: HttpRequest, account: OfficialAccount) -> dict[str, Any]:
    """Returns the menu that WeChat shows to one follower, read from WeChat."""
    form = SeenForm(account, request.GET if "who" in request.GET else None)
    if not form.is_valid():
        return {"form": form, "problem": " ".join(map(str, form.errors.get("who", [])))}
    try:
        response = api.try_match(client_for(account), form.cleaned_data["who"])
    except WeChatError as error:
        return {"form": form, "problem": of_error(error)}
    return {"form": form, "shown": with_taps(from_platform(response))}


@require_POST
@account_page(Area.CONTENT, change=True)
def begin(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Makes the menu for everybody and opens its editor."""
    return redirect("admin:menus_menu_change", drafts.default_menu(account).pk)


@require_POST
@account_page(Area.CONTENT, posts_change=False)
def read_live(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Reads the live menus now."""
    row = watching.read_now(account)
    if row.error:
        messages.error(request, of_row(row))
    elif row.differs_since:
        messages.warning(request, _("WeChat shows something else than was published here."))
    else:
        messages.success(request, _("WeChat shows what was published here."))
    return redirect("admin:menus_menu_changelist")


@require_POST
@account_page(Area.CONTENT, change=True)
def take(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Takes over the live menus as versions of ours."""
    if not may_publish(request, account.pk):
        raise PermissionDenied
    try:
        found = live.read(client_for(account))
    except WeChatError as error:
        messages.error(request, of_error(error))
    else:
        versions = take_over(account, found, by=reader(request))
        if versions:
            audit.record(request, account, _("Took over the menus that are live"))
            messages.success(request, _("Taken over: %(count)d menus.") % {"count": len(versions)})
        else:
            messages.info(request, _("This account has no menu on WeChat."))
    return redirect("admin:menus_menu_changelist")


@require_POST
@object_page(all_menus, Area.CONTENT, change=True)
def shift(request: HttpRequest, menu: Menu) -> HttpResponse:
    """Moves a menu for some followers up or down: of two that match, the upper one is shown."""
    menus = list(Menu.objects.filter(account=menu.account, conditional=True))
    if menu not in menus:
        raise Http404
    place = menus.index(menu)
    other = place + (-1 if request.POST.get("to") == "up" else 1)
    if 0 <= other < len(menus):
        menus[place], menus[other] = menus[other], menus[place]
        name = str(_("position"))
        audit.record(request, menu, "", {name: place + 1}, {name: other + 1})
        for number, each in enumerate(menus):
            Menu.objects.filter(pk=each.pk).exclude(position=number).update(position=number)
        messages.info(request, _("The order reaches WeChat when one of these menus is published."))
    return redirect("admin:menus_menu_changelist")


@require_POST
@object_page(Publication, Area.CONTENT, change=True, by=PUBLISHING)
def cancel(request: HttpRequest, publication: Publication) -> HttpResponse:
    if publications.cancel(publication):
        audit.record(request, publication.menu, _("Took the plan to publish back"))
        messages.success(request, _("Cancelled: nothing will be published at that time."))
    else:
        messages.warning(request, _("Too late: it has started."))
    return redirect("admin:menus_menu_changelist")
