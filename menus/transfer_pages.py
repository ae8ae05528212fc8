"""The pages that export and import menus, and copy them to another account."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, object_page, reader
from accounts.staff.rights import Area, Rights
from menus import portable
from menus.access import all_menus, frame
from menus.models import Menu
from wechat.console import exchange
from wechat.console.phrases import listed
from wechat.kernel import encodings


@require_GET
@account_page(Area.CONTENT)
def export(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    text = portable.export(list(Menu.objects.filter(account=account).select_related("account", "tag")))
    return exchange.download(text, f"menus-{account.slug}-{timezone.localdate():%Y%m%d}")


@account_page(Area.CONTENT, change=True)
def import_file(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows what a file would change; makes the change once the reader has agreed."""
    context = frame(request, _("Import menus"))
    if request.method == "POST":
        agreed = "agreed" in request.POST
        try:
            text = exchange.uploaded(request)
            report = portable.import_file(account, text, by=reader(request), rehearse=not agreed)
        except exchange.UnreadableFile as error:
            context["refused"] = str(error)
        else:
            if agreed:
                audit.record(request, account, _("Imported menus"))
                _show_report(request, report)
                return redirect("admin:menus_menu_changelist")
            context |= {"report": report, "text": encodings.decode(text)}
    return TemplateResponse(request, "menus/import.html", context)


@object_page(all_menus, Area.CONTENT, posts_change=False)
def copy(request: HttpRequest, menu: Menu) -> HttpResponse:
    """Copies a menu's draft, with its files, into that of another account."""
    rights = Rights.of(request.user)
    targets = [
        account
        for key, account in rights.accounts.items()
        if key != menu.account_id and rights.may_change(Area.CONTENT, key)
    ]
    if request.method == "POST":
        target = next((each for each in targets if str(each.pk) == request.POST.get("target")), None)
        if target is None:
            raise PermissionDenied
        report = portable.copy(menu, target, by=reader(request))
        audit.record(request, target, _("Copied the menu “%(menu)s” here") % {"menu": menu})
        _show_report(request, report)
        messages.success(
            request, _("The menu is in the draft of “%(account)s” now.") % {"account": target.name}
        )
        return redirect("admin:menus_menu_change", menu.pk)
    context = frame(request, _("Copy “%(menu)s” to another account") % {"menu": menu})
    return TemplateResponse(request, "menus/copy.html", {**context, "menu": menu, "targets": targets})


def _show_report(request: HttpRequest, report: portable.MenuImportReport) -> None:
    if names := [*report.made, *report.updated]:
        messages.success(request, _("In the drafts now: %(names)s.") % {"names": listed(names)})
    for remark in report.remarks:
        messages.warning(request, remark)
