"""Menus in and out: a file, and another account."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.rights import Area, Rights
from menus import portable
from menus.entrance import account_to_change, account_to_view, frame, menu_to_view, staff
from menus.models import Menu
from wechat.kernel import exported_files


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    account = account_to_view(request)
    text = portable.export(list(Menu.objects.filter(account=account).select_related("account", "tag")))
    name = f"menus-{account.slug}-{timezone.localdate():%Y%m%d}.json"
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def import_file(request: HttpRequest) -> HttpResponse:
    """First what a file would change, then, when that is agreed to, the change."""
    account = account_to_change(request)
    context = frame(request, account, _("Import menus"))
    if request.method == "POST":
        file = request.FILES.get("file")
        text = _bytes(file, request.POST.get("rehearsed", ""))
        agreed = "agreed" in request.POST
        try:
            report = portable.take_in(account, text, by=staff(request), rehearse=not agreed)
        except exported_files.Unreadable as error:
            context["refused"] = str(error)
        else:
            if agreed:
                _tell(request, report)
                return redirect("admin:menus_menu_changelist")
            context |= {"report": report, "text": text.decode(errors="replace")}
    return TemplateResponse(request, "menus/import.html", context)


def _bytes(file: object, rehearsed: str) -> bytes:
    if not isinstance(file, UploadedFile):
        return rehearsed.encode(errors="replace")
    return bytes(file.read(exported_files.LARGEST + 1))


def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """A menu's draft into another account's, with its files."""
    menu = menu_to_view(request, pk)
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
        report = portable.copy(menu, target, by=staff(request))
        _tell(request, report)
        messages.success(
            request, _("The menu is in the draft of “%(account)s” now.") % {"account": target.name}
        )
        return redirect("admin:menus_menu_change", menu.pk)
    context = frame(request, menu.account, _("Copy “%(menu)s” to another account") % {"menu": menu})
    return TemplateResponse(request, "menus/copy.html", {**context, "menu": menu, "targets": targets})


def _tell(request: HttpRequest, report: portable.Report) -> None:
    if names := [*report.made, *report.updated]:
        messages.success(request, _("In the drafts now: %(names)s.") % {"names": ", ".join(names)})
    for remark in report.remarks:
        messages.warning(request, remark)
