"""The requests of the editor: cleaning pasted text, and keeping pictures."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff.gate import named_account_page
from accounts.staff.rights import Area
from wechat.articles import cleaning, pictures
from wechat.kernel import work

# Pasted pictures are written into the text; a text without them is far below.
LARGEST = 20 * 1024 * 1024


@require_POST
@named_account_page(Area.CONTENT, change=True)
def clean(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Returns the posted file ``text`` of HTML as it would be saved, and what is left out.

    Answers 400 with a sentence for what cannot be cleaned.
    """
    file = request.FILES.get("text")
    if file is None or file.size is None or file.size > LARGEST:
        return _refused([_("The text is larger than 20 MB: insert its pictures from the library.")])
    text = cleaning.cleaned(file.read().decode("utf-8", "replace"))
    try:
        with transaction.atomic():
            kept = pictures.take_in(account, text.html)
    except ValidationError as error:
        return _refused(error.messages)
    work.wake("materials.upload")
    return JsonResponse({"html": kept, "dropped": text.dropped})


@require_POST
@named_account_page(Area.CONTENT, change=True)
def picture(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Puts the posted ``file`` into the library, and returns its address for the text.

    Answers 400 with a sentence for a file that WeChat does not take.
    """
    file = request.FILES.get("file")
    try:
        if file is None or file.size is None or file.size > LARGEST:
            raise ValidationError(_("Choose a picture of at most 20 MB."))
        kept = pictures.keep(account, file.read())
    except ValidationError as error:
        return _refused(error.messages)
    work.wake("materials.upload")
    return JsonResponse({"location": pictures.address(kept)})


def _refused(sentences: list[str]) -> JsonResponse:
    return JsonResponse({"error": " ".join(sentences)}, status=400)
