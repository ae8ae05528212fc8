"""The keyset pagination: each page continues after the last row of the page before."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from rest_framework.exceptions import NotFound
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
        """Returns the decoded cursor. Raises ``NotFound`` for an invalid one."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and row_id(str(cursor.position)) is None:
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"items": data, "next": self._following()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        cursor = {"type": "string", "nullable": True, "description": "`cursor` of the following page."}
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {"items": schema, "next": cursor},
        }

    def _following(self) -> str | None:
        """Returns the cursor alone, as signed clients do not need the URL that REST framework returns."""
        link = self.get_next_link()
        if link is None:
            return None
        return parse_qs(urlsplit(link).query)[self.cursor_query_param][0]
