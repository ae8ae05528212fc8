"""The end of former secrets, which stay valid for some time after they were replaced."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.staff import audit
from wechat.kernel.secrets import HasFormerSecrets


def end(request: HttpRequest, row: HasFormerSecrets, page: str) -> HttpResponse:
    """Ends the former secrets of a row whose gate was passed, and redirects to its page of that name."""
    if row.former_until is not None:
        row.end_former()
        audit.record(request, row, _("Ended the former keys."))
    messages.success(request, _("Only what was set last is valid now."))
    return redirect(page, row.pk)
