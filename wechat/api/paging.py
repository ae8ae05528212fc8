"""The keyset pagination: each page continues after the last row of the page before."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from wechat.kernel.row_ids import row_id


class KeysetPages(CursorPagination):
    """The pagination by ``?limit=`` rows, newest first; ``next`` is the ``?cursor=`` of the next page."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 500

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Returns the decoded cursor. Raises ``ValidationError`` for an invalid one."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise _wrong_cursor() from None
        if cursor is not None and cursor.position is not None and row_id(str(cursor.position)) is None:
            raise _wrong_cursor()
        return cursor

    def get_page_size(self, request: Request) -> int:
        """Returns the number of rows of a page. Raises ``ValidationError`` for one that no page has."""
        given = request.query_params.get(self.page_size_query_param, "")
        if not given:
            return self.page_size
        if not given.isdecimal() or not 1 <= int(given[:9]) <= self.max_page_size:
            message = _("This is a whole number from 1 to %(most)d.") % {"most": self.max_page_size}
            raise ValidationError({self.page_size_query_param: [message]})
        return int(given)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"items": data, "next": self._following()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        cursor = {"type": "string", "nullable": True, "description": "`cursor` of the following page."}
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {"items": schema, "next": cursor},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Returns the parameters of a list, with the bounds of its limit."""
        found: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for each in found:
            if each["name"] == self.page_size_query_param:
                each["schema"] = {
                    "type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size
                }  # fmt: skip
        return found

    def _following(self) -> str | None:
        """Returns the cursor alone, as signed clients do not need the URL that REST framework returns."""
        link = self.get_next_link()
        if link is None:
            return None
        return parse_qs(urlsplit(link).query)[self.cursor_query_param][0]


def _wrong_cursor() -> ValidationError:
    message = _("Take the cursor from `next` of the page before, as it is.")
    return ValidationError({KeysetPages.cursor_query_param: [message]})
