from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.forms.renderers import BaseRenderer
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.official.models import OfficialAccount
from accounts.staff.pages import AccountForm
from wechat.console.phrases import listed
from wechat.kernel import files
from wechat.materials import limits, material_quota, usage
from wechat.materials.models import Asset
from wechat.sdk import text


class FolderInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # the skin is untyped
    """An input for the name of a folder, new or existing."""

    offered: list[str] = []

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        field = super().render(name, value, {**(attrs or {}), "list": f"{name}-offered"}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((each,) for each in self.offered))
        return format_html('{}<datalist id="{}-offered">{}</datalist>', field, name, options)


class AssetForm(AccountForm):
    """A form for a file of the library.

    A file is checked against the platform's limits before it is stored, and gets the extension of its real
    type.
    """

    class Meta:
        model = Asset
        fields = ("account", "kind", "name", "folder", "file", "permanent")
        widgets = {"folder": FolderInput}
        help_texts = {"name": gettext_lazy("For you to find it by. Left empty, it is called like the file.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            self.fields["name"].required = False

    def clean_folder(self) -> str:
        return " ".join(str(self.cleaned_data.get("folder", "")).split())

    def clean_permanent(self) -> bool:
        permanent = bool(self.cleaned_data.get("permanent"))
        # Read before the instance has the new value.
        ends = not permanent and bool(self.instance.pk) and self.instance.permanent
        if ends and (places := usage.uses(self.instance)):
            raise ValidationError(
                _("It is in use: %(places)s. Menus and articles need a permanent file, and its place on "
                  "WeChat would not become free."),
                params={"places": listed(places)},
            )  # fmt: skip
        return permanent

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        file, kind = cleaned.get("file"), cleaned.get("kind")
        if not cleaned.get("name"):
            self._name_after(file)
        if isinstance(file, UploadedFile) and kind:
            try:
                cleaned["file"] = file = limits.converted(kind, file)
                self.instance.content_type = limits.check(kind, file)
                _check_room(cleaned)
            except ValidationError as error:
                self.add_error("file", error)
            else:
                self._take(file)
        return cleaned

    def _name_after(self, file: object) -> None:
        """Names the file like the uploaded one; without an upload, a name is required."""
        name = text.clean(PurePath(file.name or "").stem) if isinstance(file, UploadedFile) else ""
        if called := " ".join(name.split())[:60]:
            self.cleaned_data["name"] = called
        elif "file" not in self.errors:
            self.add_error("name", _("Give it a name."))

    def _take(self, file: File[bytes]) -> None:
        file.name = f"upload.{files.extension(self.instance.content_type)}"
        self.instance.size = file.size
        self.instance.due_at = timezone.now()


def _check_room(cleaned: dict[str, Any]) -> None:
    account, kind = cleaned.get("account"), cleaned["kind"]
    if not cleaned.get("permanent") or not isinstance(account, OfficialAccount):
        return
    if material_quota.left(account, kind) == 0:
        raise ValidationError(
            _(
                "WeChat has no permanent place left for this kind. Delete files that nobody uses, or untick "
                "“permanent on WeChat”: then it is uploaded again every few days."
            )
        )


class MoveForm(forms.Form):
    """A form for the folder to which the selected files are moved."""

    folder = forms.CharField(max_length=40, required=False, strip=True, widget=FolderInput)
