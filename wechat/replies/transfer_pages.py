"""Rules in and out: a file, and the platform's own auto-replies."""

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.clients import client_for
from accounts.errcodes import in_words
from accounts.models import OfficialAccount
from wechat.kernel import exported_files
from wechat.replies import importing, rulebook
from wechat.replies.entrance import account_to_change, account_to_view, frame
from wechat.replies.importing import Report
from wechat.replies.models import Rule
from wechat.sdk.api.base import current_autoreply_info
from wechat.sdk.errors import ApiError, WeChatError


def export(request: HttpRequest) -> HttpResponse:
    account = account_to_view(request)
    text = importing.export_rules(rulebook.loaded(Rule.objects.filter(account=account)))
    name = f"rules-{account.slug}-{timezone.localdate():%Y%m%d}.json"
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def import_file(request: HttpRequest) -> HttpResponse:
    """First what a file would change, then, when that is agreed to, the change."""
    account = account_to_change(request)
    context = frame(request, account, _("Import rules"))
    if request.method == "POST":
        context |= _rehearsed(request, account)
        if "agreed" in request.POST and context.get("report") and not context["report"].problems:
            return _imported(request, account)
    return TemplateResponse(request, "replies/import.html", context)


@require_POST
def import_platform(request: HttpRequest) -> HttpResponse:
    account = account_to_change(request)
    try:
        report = importing.import_autoreply(account, current_autoreply_info(client_for(account)))
    except ApiError as error:
        messages.error(request, in_words(error.errcode))
        return redirect("admin:replies_import")
    except WeChatError:
        messages.error(request, _("WeChat could not be reached. Try again in a minute."))
        return redirect("admin:replies_import")
    _tell(request, report)
    return redirect("admin:replies_rule_changelist")


def _rehearsed(request: HttpRequest, account: OfficialAccount) -> dict[str, Any]:
    text = _text(request)
    if text is None:
        return {"refused": _("Choose a file first.")}
    try:
        report = importing.import_rules(account, text, rehearse=True)
    except exported_files.Unreadable as error:
        return {"refused": str(error)}
    return {"report": report, "text": text.decode()}


def _imported(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    text = _text(request)
    assert text is not None
    _tell(request, importing.import_rules(account, text))
    return redirect("admin:replies_rule_changelist")


def _text(request: HttpRequest) -> bytes | None:
    """The file that was chosen, or the one that was rehearsed and is sent along."""
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        return bytes(file.read(exported_files.LARGEST + 1))
    return request.POST["rehearsed"].encode() if "rehearsed" in request.POST else None


def _tell(request: HttpRequest, report: Report) -> None:
    counts = {
        "made": len(report.made),
        "updated": len(report.updated),
        "unchanged": len(report.unchanged),
        "kept": len(report.edited_here),
    }
    sentence = _(
        "%(made)d rules made, %(updated)d updated, %(unchanged)d as before, %(kept)d edited here and kept."
    )
    messages.success(request, sentence % counts)
    if report.switched_off:
        names = "、".join(report.switched_off[:10])
        messages.warning(request, _("These rules are off, their notes say why: %(names)s") % {"names": names})
