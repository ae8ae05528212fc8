"""The JSON files with which staff move rules, menus and the like to another installation.

A file is ``{"format": "wechat-console-rules", "version": 1, "rules": [...]}``. An uploaded file is shown
first, and posted again by the page that asks for confirmation.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from wechat.console import downloads
from wechat.kernel import encodings
from wechat.sdk.text import load_json

# Below Django's limit of a form field.
LARGEST_FILE = 2 << 20


class UnreadableFile(Exception):
    """The file cannot be imported; the message tells staff why and what to do."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format of files; ``key`` is the name of the list in the file, ``most`` its greatest length."""

    name: str
    key: str
    most: int
    version: int = 1

    def written(self, items: Iterable[Any]) -> str:
        """Returns the text of a file with the items."""
        data = {"format": self.name, "version": self.version, self.key: list(items)}
        return json.dumps(data, ensure_ascii=False, indent=2)

    def read(self, body: bytes) -> list[Any]:
        """Returns the items of a file in any encoding, their texts without control characters.

        Raises ``UnreadableFile``.
        """
        data = _parsed(body)
        if not isinstance(data, dict) or data.get("format") != self.name:
            raise UnreadableFile(
                _("This file holds something else. Choose one that was exported on this page.")
            )
        if data.get("version") != self.version:
            raise UnreadableFile(_("This file is of another version. Export it again with this version."))
        items = data.get(self.key)
        if not isinstance(items, list) or len(items) > self.most:
            raise UnreadableFile(_("The file must hold a list of at most %(most)d.") % {"most": self.most})
        return items


def download(text: str, name: str) -> HttpResponse:
    """Returns the text of a file as the download ``name.json``."""
    return downloads.of_bytes(text.encode(), "application/json; charset=utf-8", f"{name}.json")


def uploaded(request: HttpRequest) -> bytes:
    """Returns the uploaded file, or the one posted again after it was shown. Raises ``UnreadableFile``."""
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        file.seek(0)
        return bytes(file.read(LARGEST_FILE + 1))
    if "rehearsed" not in request.POST:
        raise UnreadableFile(_("Choose a file first."))
    return request.POST["rehearsed"].encode(errors="replace")


def _parsed(body: bytes) -> Any:
    if len(body) > LARGEST_FILE:
        raise UnreadableFile(_("The file is larger than 2 MB."))
    try:
        return load_json(encodings.decode(body).encode())
    except (encodings.UndecodableText, ValueError):
        raise UnreadableFile(_("This is not a JSON file. Choose a file that was exported here.")) from None
