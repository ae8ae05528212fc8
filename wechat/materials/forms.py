from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from accounts.pages import AccountForm
from wechat.kernel import files
from wechat.materials import limits
from wechat.materials.models import Asset


class AssetForm(AccountForm):
    """A file is checked against the platform's limits before it is kept, and named after what it is."""

    class Meta:
        model = Asset
        fields = ("account", "kind", "name", "file")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        file, kind = cleaned.get("file"), cleaned.get("kind")
        if isinstance(file, UploadedFile) and kind:
            try:
                self.instance.content_type = limits.check(kind, file)
            except ValidationError as error:
                self.add_error("file", error)
            else:
                self._take(file)
        return cleaned

    def _take(self, file: UploadedFile[bytes]) -> None:
        file.name = f"upload.{files.extension(self.instance.content_type)}"
        self.instance.size = file.size
        self.instance.due_at = timezone.now()
