"""The pages that import and export rules: files, and the platform's own auto-replies."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.official.clients import client_for
from accounts.official.error_sentences import of_error
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page
from accounts.staff.rights import Area
from wechat.console import exchange
from wechat.console.phrases import listed
from wechat.kernel import encodings
from wechat.replies import cautions, importing, rulebook
from wechat.replies.importing import RuleImportReport
from wechat.replies.models import Rule
from wechat.replies.page_frame import frame
from wechat.sdk.calls.base import current_autoreply_info
from wechat.sdk.errors import WeChatError


@account_page(Area.CONTENT)
def export(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    text = importing.export_rules(rulebook.loaded(Rule.objects.filter(account=account)))
    return exchange.download(text, f"rules-{account.slug}-{timezone.localdate():%Y%m%d}")


@account_page(Area.CONTENT, change=True)
def import_file(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows what an import of a file would change, and imports it once that is confirmed."""
    context = frame(request, _("Import rules"))
    if request.method == "POST":
        agreed = "agreed" in request.POST
        try:
            report, text = _taken(account, request, agreed=agreed)
        except exchange.UnreadableFile as error:
            context["refused"] = str(error)
        else:
            if agreed and not report.problems:
                _show_report(request, account, report)
                return redirect("admin:replies_rule_changelist")
            context |= {"report": report, "text": text}
    return TemplateResponse(request, "replies/import.html", context)


@require_POST
@account_page(Area.CONTENT, change=True)
def import_platform(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    try:
        report = importing.import_autoreply(account, current_autoreply_info(client_for(account)))
    except WeChatError as error:
        messages.error(request, of_error(error))
        return redirect("admin:replies_import")
    _show_report(request, account, report)
    return redirect("admin:replies_rule_changelist")


def _taken(account: OfficialAccount, request: HttpRequest, *, agreed: bool) -> tuple[RuleImportReport, str]:
    """Returns the report on the import of the file, or its rehearsal, and the file's text.

    Raises ``exchange.UnreadableFile``.
    """
    file = exchange.uploaded(request)
    return importing.import_rules(account, file, rehearse=not agreed), encodings.decode(file)


def _show_report(request: HttpRequest, account: OfficialAccount, report: RuleImportReport) -> None:
    counts = {
        "made": len(report.made),
        "updated": len(report.updated),
        "unchanged": len(report.unchanged),
        "kept": len(report.edited_here),
    }
    sentence = _(
        "%(made)d rules made, %(updated)d updated, %(unchanged)d as before, %(kept)d edited here and kept."
    )
    audit.record_with_message(request, account, sentence % counts)
    changed = Rule.objects.filter(account=account, name__in=[*report.made, *report.updated])
    for caution in cautions.of_catch_alls(changed.prefetch_related("keywords")):
        messages.warning(request, caution)
    if report.switched_off:
        names = listed(report.switched_off[:10])
        messages.warning(request, _("These rules are off, their notes say why: %(names)s") % {"names": names})
