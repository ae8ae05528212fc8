"""The requests of the article editor: to clean pasted text, and to store pictures."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff.gate import named_account_page
from accounts.staff.rights import Area, Rights
from wechat.articles import cleaning, pictures
from wechat.console.phrases import joined
from wechat.kernel import work

# Pasted pictures are in the text as data URLs; a text without them is far smaller.
LARGEST = 20 * 1024 * 1024


@require_POST
@named_account_page(Area.CONTENT, change=True)
def clean(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Returns the posted HTML file ``text`` as it would be saved, and what was removed.

    Answers 400 with a sentence if the text is refused.
    """
    file = request.FILES.get("text")
    if file is None or file.size is None or file.size > LARGEST:
        return _refused([_("The text is larger than 20 MB: insert its pictures from the library.")])
    text = cleaning.cleaned(file.read().decode("utf-8", "replace"))
    try:
        with transaction.atomic():
            viewable = Rights.of(request.user).viewable(Area.CONTENT)
            kept = pictures.move_inline_pictures(account, text.html, viewable)
    except ValidationError as error:
        return _refused(error.messages)
    work.wake("materials.upload")
    return JsonResponse({"html": kept, "dropped": text.dropped})


@require_POST
@named_account_page(Area.CONTENT, change=True)
def picture(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Adds the posted ``file`` to the library, and returns its address for the text.

    Answers 400 with a sentence for a file that WeChat does not accept.
    """
    file = request.FILES.get("file")
    try:
        if file is None or file.size is None or file.size > LARGEST:
            raise ValidationError(_("Choose a picture of at most 20 MB."))
        kept = pictures.add_to_library(account, file.read())
    except ValidationError as error:
        return _refused(error.messages)
    work.wake("materials.upload")
    return JsonResponse({"location": pictures.address(kept)})


def _refused(sentences: list[str]) -> JsonResponse:
    return JsonResponse({"error": joined(sentences)}, status=400)
