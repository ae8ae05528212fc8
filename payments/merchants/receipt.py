"""The receipt for payers: its text with placeholders, and the editor for it."""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.staff.rights import Area, Rights
from wechat.contents import preview
from wechat.contents.text_editor import TextEditor
from wechat.contents.variables import Variable
from wechat.kernel import placeholders

# None of them is ever empty.
VARIABLES: Mapping[str, Variable] = {
    "amount": Variable(_("amount"), "1000000.00"),
    "description": Variable(_("what was bought"), "品" * 42),
    "number": Variable(_("order number"), "0" * 32),
}


def filled(text: str, *, amount: str, description: str, number: str) -> str:
    """Returns the text with the placeholders filled in for an order."""
    return placeholders.fill(text, {"amount": amount, "description": description, "number": number})


def editor() -> TextEditor:
    """Returns the text's editor, with a preview that belongs to no account."""
    field = TextEditor(attrs={"rows": 4})
    field.variables = VARIABLES
    field.preview = reverse("admin:merchants_receipt_preview")
    return field


@require_POST
def show_preview(request: HttpRequest) -> JsonResponse:
    """Shows the preview of a receipt, with placeholders by their names."""
    if not Rights.of(request.user).viewable(Area.SETTINGS):
        raise PermissionDenied
    longest = {name: each.longest for name, each in VARIABLES.items()}
    return preview.answer(preview.text_of(request), preview.Filling(preview.by_label(VARIABLES), longest))
