"""The parser of the API: JSON whose texts are cleaned."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from wechat.sdk.text import load_json


class JsonParser(BaseParser):
    """Parses JSON in UTF-8 of limited depth; refuses ``NaN`` and ``Infinity``.

    Removes characters that no text may contain, as from all input.
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
