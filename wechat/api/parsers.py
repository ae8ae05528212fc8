"""The bodies that business systems send."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from wechat.sdk.json_text import load_json


class JsonParser(BaseParser):
    """JSON in UTF-8, of a depth that can be walked through; ``NaN`` and ``Infinity`` are no JSON."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return load_json(stream.read(), parse_constant=_no_constant)
        except ValueError as error:
            raise ParseError(_("The body is no JSON: %(why)s") % {"why": error}) from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)
