"""Bodies of the API: JSON whose texts can be kept, compared, sent and exported."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from wechat.sdk.text import clean_json


class CleanJsonParser(JSONParser):
    """Drops from texts what has no place in them, as for everything that comes from outside."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return clean_json(super().parse(stream, media_type, parser_context))
        except RecursionError:
            raise ParseError(_("The body is nested too deep.")) from None
