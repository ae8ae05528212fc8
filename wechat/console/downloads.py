"""The downloads of the console's pages, whose reader's right to the file the caller has checked."""

import tempfile
from collections.abc import Iterable
from typing import TypeVar

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from wechat.console.tables.writing import Row, csv_parts, write_workbook

Response = TypeVar("Response", bound=HttpResponseBase)

CSV = "text/csv; charset=utf-8"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def of_bytes(body: bytes, content_type: str, filename: str) -> HttpResponse:
    return _as_download(HttpResponse(body, content_type=content_type), filename)


def of_stored(file: FieldFile) -> FileResponse:
    """Returns a stored file under its own name. Raises ``Http404`` if it is gone."""
    name = str(file.name).rpartition("/")[2]
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return _as_download(FileResponse(opened, filename=name), name)


def as_csv(rows: Iterable[Row], name: str) -> HttpResponse:
    """Returns at most some thousand rows as ``name.csv``, complete before the first byte is sent."""
    return of_bytes(b"".join(csv_parts(rows)), CSV, f"{name}.csv")


def as_csv_stream(rows: Iterable[Row], name: str) -> StreamingHttpResponse:
    """Returns any number of rows as ``name.csv``, written while it is sent, never all in memory."""
    return _as_download(StreamingHttpResponse(csv_parts(rows), content_type=CSV), f"{name}.csv")


def as_workbook(sheets: Iterable[tuple[str, Iterable[Row]]], name: str) -> FileResponse:
    """Returns sheets (title and rows) as ``name.xlsx``, complete before the first byte is sent."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_workbook(sheets, file)
    file.seek(0)
    return _as_download(FileResponse(file, content_type=WORKBOOK), f"{name}.xlsx")


def _as_download(response: Response, filename: str) -> Response:
    """Makes the response a file to save, which neither the browser nor a proxy keeps; returns it."""
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename) or ""
    response["Cache-Control"] = "no-store"
    return response
