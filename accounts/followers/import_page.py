"""The import of a table of remarks and custom fields: columns checked at once, rows in the background."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import job_requests
from accounts.followers.importing import BadColumns, columns_of, is_openid_name
from accounts.followers.models import CustomField
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame, reader
from accounts.staff.rights import Area
from wechat.console.phrases import listed
from wechat.console.tables import headings
from wechat.console.tables.limits import UnreadableTable

LARGEST = 50 * 1024 * 1024


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV or Excel file"), widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"})
    )

    def __init__(self, account: OfficialAccount, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        # The names of columns that the import does not read.
        self.left_out: Sequence[str] = ()

    def clean_file(self) -> "UploadedFile[Any]":
        """Checks the file at once rather than in the background."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise ValidationError(_("The file is larger than 50 MB; split it."))
        self._check(file)
        file.seek(0)
        return file

    def _check(self, file: "UploadedFile[Any]") -> None:
        try:
            heading, rows = headings.split(file, is_openid_name)
            self.left_out = [*columns_of(self.account, heading).left_out.values()]
            if next(rows, None) is None:
                raise ValidationError(_("The table has no rows below its first one."))
        except (UnreadableTable, BadColumns) as error:
            raise ValidationError(str(error)) from error


@account_page(Area.FOLLOWERS, change=True)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = ImportForm(account, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        job = job_requests.ask(account, "import", {}, reader(request), source=form.cleaned_data["file"])
        audit.record(request, job, str(job), flag=ADDITION)
        if form.left_out:
            sentence = _(
                "An import sets remarks and custom fields only; these columns were left out: %(names)s."
            )
            messages.warning(request, sentence % {"names": listed(form.left_out)})
        return redirect("admin:followers_job", job.pk)
    context = frame(
        request,
        _("Import from a table"),
        form=form,
        own=CustomField.objects.filter(account=account),
    )
    return TemplateResponse(request, "followers/import.html", context)
