"""JSON files that one installation exports and another takes in."""

import json
from typing import Any

from django.utils.translation import gettext as _

LARGEST = 2 << 20


class Unreadable(Exception):
    """The file is not one that was exported here; the sentence says what to do."""


def read(content: bytes, *, format: str, version: int) -> dict[str, Any]:  # noqa: A002 - the file's own word
    """The object in the file. Raises ``Unreadable``."""
    if len(content) > LARGEST:
        raise Unreadable(_("The file is larger than 2 MB."))
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise Unreadable(_("This is not a JSON file. Choose a file that was exported here.")) from None
    if not isinstance(data, dict) or data.get("format") != format:
        raise Unreadable(_("This file holds something else. Choose a file that was exported on this page."))
    if data.get("version") != version:
        raise Unreadable(_("This file is of another version. Export it again with this version."))
    return data
