"""The end of previous secrets, which stay valid for some time after they were replaced."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.staff import audit
from wechat.kernel.secrets import HasPreviousSecrets


def end(request: HttpRequest, row: HasPreviousSecrets, page: str) -> HttpResponse:
    """Ends the previous secrets of a row whose gate was passed, and redirects to its page of that name."""
    if row.previous_until is not None:
        row.end_previous()
        audit.record(request, row, _("Ended the previous keys."))
    messages.success(request, _("Only what was set last is valid now."))
    return redirect(page, row.pk)
