"""The pages of publishing a menu: preview, publication now or later, taking off, and versions."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.staff import audit
from accounts.staff.gate import object_page, reader
from accounts.staff.rights import Area
from menus import approval, drafts, publications, tree
from menus.access import PUBLISHING, all_menus, frame
from menus.describing import audience
from menus.differences import differences
from menus.facts import problems_of
from menus.forms import ScheduleForm
from menus.live import order_with
from menus.models import Menu, Publication, Version
from menus.tapped_buttons import with_taps

State = Version.State


@object_page(all_menus, Area.CONTENT, by=PUBLISHING)
def show(request: HttpRequest, menu: Menu) -> HttpResponse:
    """Shows the page that publishes the draft, or again the version in the query."""
    version = _version(menu, request.GET.get("version") or request.POST.get("version", ""))
    form = ScheduleForm(request.POST if "at" in request.POST else None)
    if request.method == "POST" and (done := _asked(request, menu, version, form)):
        return done
    context = frame(request, _("Publish “%(menu)s”") % {"menu": menu})
    context |= _fields(menu, version)
    context["second_person"] = approval.needs_another(
        menu, version or drafts.draft_of(menu), reader(request)
    )  # fmt: skip
    return TemplateResponse(request, "menus/publish.html", {**context, "form": form})


def _fields(menu: Menu, version: Version | None) -> dict[str, Any]:
    live = _live(menu)
    shown = version or drafts.draft_of(menu)
    buttons = tree.read(shown)
    before = tree.read(live) if live else ()
    found = problems_of(shown)
    return {
        "menu": menu,
        "version": version,
        "live": live,
        "before": with_taps(before),
        "after": with_taps(buttons),
        "changes": differences(before, buttons),
        "errors": [each for each in found if each.is_error],
        "warnings": [each for each in found if not each.is_error],
        "running": publications.running(menu.account_id),
        "audience": audience(shown),
        "audience_before": audience(live) if live else "",
        "followers": approval.reach(menu, shown),
        "seen": _seen(menu, version),
        "order": order_with(menu),
        "others": _others(menu),
    }


def _seen(menu: Menu, version: Version | None) -> str:
    """Returns a stamp of the buttons and audiences on the page, to detect that they have changed since."""
    return _stamp(menu, version or drafts.draft_of(menu))


def _stamp(menu: Menu, shown: Version | None) -> str:
    order = [each.pk for each in order_with(menu)]
    return f"{shown.pk}.{shown.revision} {shown.shown_to} {order}" if shown else f"- {order}"


def _others(menu: Menu) -> list[Menu]:
    return [each for each in order_with(menu) if each != menu]


def _asked(
    request: HttpRequest, menu: Menu, version: Version | None, form: ScheduleForm
) -> HttpResponse | None:
    """Requests the publication and redirects; ``None`` if that fails, with a message that says why."""
    if "at" in request.POST and not form.is_valid():
        return None
    try:
        # A refusal rolls the new version back.
        with transaction.atomic():
            return _requested(request, menu, version, _times(form) if "at" in request.POST else {})
    except publications.NotPublishable as refused:
        for problem in refused.problems:
            messages.error(request, problem.text)
    except publications.Busy:
        messages.error(
            request, _("Another menu of this account is being published. Wait a moment, then try again.")
        )
    return None


def _requested(
    request: HttpRequest, menu: Menu, version: Version | None, times: dict[str, Any]
) -> HttpResponse | None:
    """Requests the publication, now or at the ``times``; ``None`` if the page was outdated."""
    drafts.lock(menu)
    if request.POST.get("seen") != _seen(menu, version):
        messages.error(request, _("The menu has changed since you saw it. Look again, then publish."))
        return None
    chosen = version or drafts.freeze(menu, request.POST.get("note", ""))
    waits = approval.ask(menu, chosen, by=reader(request), **times)
    if waits is not None:
        audit.record(request, menu, _("Asked for approval to publish"))
        return redirect("admin:approvals_approval", waits.pk)
    if times:
        publications.schedule(menu, chosen, by=reader(request), **times)
        messages.success(request, _("It will be published at the time you chose."))
    else:
        publications.publish(menu, chosen, by=reader(request))
        messages.success(request, _("The menu is on its way to WeChat."))
    return redirect("admin:menus_versions", menu.pk)


def _times(form: ScheduleForm) -> dict[str, Any]:
    return {"at": form.cleaned_data["at"], "until": form.cleaned_data["until"]}


def _version(menu: Menu, number: str) -> Version | None:
    if not number:
        return None
    found = (
        menu.versions.filter(number=int(number)).first() if number.isdecimal() and len(number) < 9 else None
    )
    if found is None:
        raise Http404
    return found


@object_page(all_menus, Area.CONTENT, change=True, by=PUBLISHING)
def take_off(request: HttpRequest, menu: Menu) -> HttpResponse:
    """Shows the effects; a POST takes the menu off WeChat."""
    if request.method == "POST" and (done := _asked_to_take_off(request, menu)):
        return done
    context = frame(request, _("Take “%(menu)s” off WeChat") % {"menu": menu})
    live = _live(menu)
    context |= {
        "menu": menu,
        "others": _others(menu),
        "followers": approval.reach(menu, live),
        "second_person": approval.needs_another(menu, live, reader(request)),
        "seen": _stamp(menu, live),
    }
    return TemplateResponse(request, "menus/take_off.html", context)


@transaction.atomic
def _asked_to_take_off(request: HttpRequest, menu: Menu) -> HttpResponse | None:
    """Requests the removal and redirects; ``None`` if something else is live than the page showed."""
    drafts.lock(menu)
    if request.POST.get("seen") != _stamp(menu, _live(menu)):
        messages.error(request, _("The menu has changed since you saw it. Look again, then take it off."))
        return None
    if (waits := approval.ask(menu, None, by=reader(request))) is not None:
        audit.record(request, menu, _("Asked for approval to take it off"))
        return redirect("admin:approvals_approval", waits.pk)
    try:
        publications.publish(menu, None, by=reader(request))
        messages.success(request, _("The menu is being taken off."))
    except publications.Busy:
        messages.error(
            request, _("Another menu of this account is being published. Wait a moment, then try again.")
        )
    return redirect("admin:menus_versions", menu.pk)


def _live(menu: Menu) -> Version | None:
    return menu.versions.filter(state=State.PUBLISHED).first()


@require_GET
@object_page(all_menus, Area.CONTENT)
def versions(request: HttpRequest, menu: Menu) -> HttpResponse:
    rows = list(menu.versions.exclude(state=State.DRAFT).select_related("saved_by")[:100])
    buttons = tree.read_many(rows)
    shown = [
        {
            "version": version,
            "shown": with_taps(buttons[version.pk]),
            "changes": differences(buttons[earlier.pk], buttons[version.pk]) if earlier else [],
        }
        for version, earlier in zip(rows, [*rows[1:], None], strict=False)
    ]
    newest = menu.publications.select_related("version", "asked_by", "returns")[:50]
    context = frame(request, _("Versions of “%(menu)s”") % {"menu": menu})
    context |= {
        "menu": menu,
        "versions": shown,
        "publications": newest,
        "reload": any(each.state in Publication.RUNNING for each in newest),
    }
    return TemplateResponse(request, "menus/versions.html", context)


@require_POST
@object_page(all_menus, Area.CONTENT, change=True)
def restore(request: HttpRequest, menu: Menu) -> HttpResponse:
    """Puts an earlier version into the draft, whose former buttons are kept as a version."""
    version = _version(menu, request.POST.get("version", ""))
    if version is None:
        raise Http404
    note = _("The draft before version %(number)d was brought back") % {"number": version.number or 0}
    drafts.replace(menu, tree.read(version), by=reader(request), note=note)
    audit.record(request, menu, note)
    messages.success(request, _("Version %(number)d is in the draft now.") % {"number": version.number or 0})
    return redirect("admin:menus_menu_change", menu.pk)
