"""Bodies of the API: JSON whose texts can be kept, compared, sent and exported."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from wechat.sdk.text import load_json


class JsonParser(BaseParser):
    """Parses JSON in UTF-8, of a depth that can be walked through; ``NaN`` and ``Infinity`` are refused.

    What has no place in a text is dropped, as from everything that comes from outside.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body: bytes = stream.read()
        try:
            # Who signs a body knows its encoding: nothing in it is put right.
            body.decode()
            return load_json(body)
        except ValueError as error:
            raise ParseError(_("The body is no JSON: %(why)s") % {"why": error}) from None
