"""Followers written to a file, a slice at a time; the file is downloaded from the job's page."""

import datetime
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import custom_fields, jobs, tables
from accounts.kinds import name_of_deed, name_of_scene
from accounts.models import BulkJob, CustomField, Follower

# Without it Excel takes UTF-8 for the system's own encoding.
BYTE_ORDER_MARK = "\ufeff"
SHOWN_OF_AN_OPENID = 4


def export_slice(job: BulkJob) -> bool:
    """Appends to a CSV file behind what the last whole slice wrote: a slice done twice is there once."""
    path, fields = _path(job, "csv"), list(CustomField.objects.filter(account=job.account))
    rows = jobs.slice_of(job)
    text = io.StringIO(newline="")
    if not job.done:
        text.write(BYTE_ORDER_MARK)
        tables.csv_lines([_headings(fields)], text)
    tables.csv_lines(_lines(rows, fields, masked=job.details.get("masked", True)), text)
    job.details["bytes"] = _write_at(path, job.details.get("bytes", 0), text.getvalue().encode())
    job.done += len(rows)
    if len(rows) == jobs.SLICE:
        return True
    _finish(job, path)
    return False


def _write_at(path: Path, start: int, data: bytes) -> int:
    """What an interrupted slice left behind the start goes; where the next one begins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with path.open("r+b") as file:
        file.truncate(start)
        file.seek(start)
        file.write(data)
    return start + len(data)


def _finish(job: BulkJob, path: Path) -> None:
    """Make a workbook of it, if one was asked for."""
    if job.details.get("format") == "xlsx":
        workbook = _path(job, "xlsx")
        with tables.rows_of(path) as rows:
            tables.to_excel(rows, workbook)
        path.unlink()
        path = workbook
    job.result = str(path.relative_to(settings.MEDIA_ROOT))


def _path(job: BulkJob, ending: str) -> Path:
    slug = re.sub(r"[^\w-]", "", job.account.slug)
    return (
        Path(settings.MEDIA_ROOT) / "exports" / f"{slug}-followers-{job.created_at:%Y%m%d}-{job.pk}.{ending}"
    )


def _headings(fields: Sequence[CustomField]) -> list[str]:
    return [
        "OpenID", _("remark"), _("nickname"), _("follows"), _("followed"), _("left"), _("came by"),
        _("channel"), _("last seen"), _("last did"), _("tags"), _("blacklisted"),
        *(field.name for field in fields),
    ]  # fmt: skip


def _lines(rows: Sequence[Follower], fields: Sequence[CustomField], *, masked: bool) -> Iterator[list[str]]:
    prefetch_related_objects(rows, "tags")
    values = custom_fields.of_followers(rows)
    for row in rows:
        own = values.get(row.pk, {})
        yield [
            mask(row.openid) if masked else row.openid,
            row.remark,
            row.nickname,
            _("yes") if row.subscribed else _("no"),
            _moment(row.subscribed_at),
            _moment(row.unsubscribed_at),
            str(name_of_scene(row.subscribe_scene)),
            row.qr_scene_str or str(row.qr_scene or ""),
            _moment(row.last_seen_at),
            str(name_of_deed(row.last_seen_kind)),
            "、".join(tag.name for tag in row.tags.all()),
            _("yes") if row.blacklisted else _("no"),
            *(custom_fields.shown(own[field.pk]) if field.pk in own else "" for field in fields),
        ]


def mask(openid: str) -> str:
    """Enough to tell two rows apart, too little to look somebody up."""
    return f"{openid[:SHOWN_OF_AN_OPENID]}…{openid[-SHOWN_OF_AN_OPENID:]}"


def _moment(at: datetime.datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""
