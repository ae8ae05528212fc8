"""The responses with a table, for a member of staff whose right was checked."""

import tempfile
from collections.abc import Iterable
from typing import TypeVar

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from wechat.console.tables.writing import Row, csv_parts, write_workbook

Response = TypeVar("Response", bound=HttpResponseBase)

CSV = "text/csv; charset=utf-8"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(rows: Iterable[Row], name: str) -> HttpResponse:
    """Returns some thousand rows at most as ``name.csv``, whole before the first byte leaves."""
    return _named(HttpResponse(b"".join(csv_parts(rows)), content_type=CSV), f"{name}.csv")


def as_csv_stream(rows: Iterable[Row], name: str) -> StreamingHttpResponse:
    """Returns any number of rows as ``name.csv``, made one after another: never are all in memory."""
    return _named(StreamingHttpResponse(csv_parts(rows), content_type=CSV), f"{name}.csv")


def as_workbook(sheets: Iterable[tuple[str, Iterable[Row]]], name: str) -> FileResponse:
    """Returns sheets, each a title and its rows, as ``name.xlsx``, whole before the first byte leaves."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_workbook(sheets, file)
    file.seek(0)
    return _named(FileResponse(file, content_type=WORKBOOK), f"{name}.xlsx")


def _named(response: Response, filename: str) -> Response:
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename) or ""
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
