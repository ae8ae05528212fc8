"""The pages that create channels from a file: a preview of each row, then the creation once confirmed."""

import math
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page
from accounts.staff.rights import Area
from wechat.channels import batches, limits, making
from wechat.channels.models import LONGEST_DAYS, Channel
from wechat.channels.page_frame import frame
from wechat.console import downloads
from wechat.sdk.calls.qrcodes import MOST_PERMANENT

SHOWN_ROWS = 100


class BatchForm(forms.Form):
    lifetime = forms.ChoiceField(
        label=gettext_lazy("kind of code"),
        choices=Channel.Lifetime.choices,
        initial=Channel.Lifetime.PERMANENT,
    )
    days = forms.IntegerField(
        label=gettext_lazy("valid for days"),
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        initial=LONGEST_DAYS,
        help_text=gettext_lazy("Of temporary codes; 30 at most."),
    )

    @property
    def making(self) -> batches.Making:
        return batches.Making(self.cleaned_data["lifetime"], self.cleaned_data["days"] or LONGEST_DAYS)


@account_page(Area.CONTENT, change=True)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = BatchForm(request.POST or None)
    context = {
        **frame(request, _("Channels from a file")),
        "form": form,
        "used": f"{limits.permanent_used(account):,}",
        "most": f"{MOST_PERMANENT:,}",
    }
    if request.method == "POST" and form.is_valid():
        try:
            batch = batches.read(account, _body(request), form.making)
        except batches.UnreadableBatch as error:
            return TemplateResponse(request, "channels/batch.html", {**context, "refused": str(error)})
        if "agreed" in request.POST and not batch.wrong:
            return _made(request, batch)
        context |= _context(batch)
    return TemplateResponse(request, "channels/batch.html", context)


@account_page(Area.CONTENT, change=True)
def example(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    return downloads.as_csv(batches.EXAMPLE, "channels")


def _context(batch: batches.Batch) -> dict[str, Any]:
    shown = batch.wrong or batch.rows
    return {
        "batch": batch,
        "rows": shown[:SHOWN_ROWS],
        "more": max(0, len(shown) - SHOWN_ROWS),
        "minutes": math.ceil(len(batch.rows) / making.PER_SECOND / 60),
    }


def _made(request: HttpRequest, batch: batches.Batch) -> HttpResponse:
    try:
        channels = batches.make(batch)
    except IntegrityError:
        messages.error(
            request, _("Somebody made a channel of one of these names meanwhile: choose the file again.")
        )
        return redirect("admin:channels_batch")
    audit.record(request, channels, _("Made from a file"), flag=ADDITION)
    count = len(channels)
    done = ngettext(
        "%(count)d channel made, its code is being made.",
        "%(count)d channels made, their codes are being made.",
        count,
    )
    messages.success(request, done % {"count": count})
    return redirect("admin:channels_channel_changelist")


def _body(request: HttpRequest) -> bytes:
    """Returns the uploaded file, or the text of the previewed one, which the form posts again.

    Raises ``UnreadableBatch``.
    """
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        file.seek(0)
        return bytes(file.read(batches.LARGEST_FILE + 1))
    if "text" in request.POST:
        return request.POST["text"].encode()
    raise batches.UnreadableBatch(_("Choose a file first."))
