"""The export of followers to a file, a slice at a time; the file is downloaded from the job's page."""

import datetime
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.followers import custom_fields, jobs, people
from accounts.followers.labels import name_of_activity, name_of_scene
from accounts.followers.models import BulkJob, CustomField, FieldValue, Follower
from accounts.staff.personal_data import MASK, shown
from wechat.console.tables import writing
from wechat.console.tables.cells import Value
from wechat.console.tables.writing import Row

SHOWN_OF_AN_OPENID = 4


def export_slice(job: BulkJob) -> bool:
    """Writes the next slice behind the last complete one, so that a repeated slice is in the file once.

    Returns whether more is left; the last slice makes the file that is downloaded.
    """
    path, fields = _path(job, "rows"), list(CustomField.objects.filter(account=job.account))
    rows = jobs.slice_of(job)
    lines = [] if job.processed else [_headings(fields)]
    details = job.details
    masked = details.get("masked", True)
    hidden = details.get("hidden", masked)
    lines += _lines(rows, fields, masked=masked, hidden=hidden)
    job.details["bytes"] = _write_at(path, job.details.get("bytes", 0), _stored(lines))
    job.processed += len(rows)
    if len(rows) == jobs.SLICE:
        return True
    _finish(job, path)
    return False


def _write_at(path: Path, start: int, data: bytes) -> int:
    """Writes data at an offset, over the rest of an interrupted slice; returns the offset behind the data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with path.open("r+b") as file:
        file.truncate(start)
        file.seek(start)
        file.write(data)
    return start + len(data)


def _stored(lines: Sequence[Row]) -> bytes:
    """Returns rows as JSON, one a line: it distinguishes numbers from texts until the final file is made."""
    return "".join(f"{json.dumps(line, default=float)}\n" for line in lines).encode()


def _finish(job: BulkJob, path: Path) -> None:
    """Makes the requested file (``xlsx`` or ``csv``) from the stored rows."""
    ending = "xlsx" if job.details.get("format") == "xlsx" else "csv"
    target = _path(job, ending)
    with path.open("rb") as stored, target.open("wb") as file:
        rows = (json.loads(line, parse_float=Decimal) for line in stored)
        if ending == "xlsx":
            writing.write_workbook([(_("followers"), rows)], file)
        else:
            file.writelines(writing.csv_parts(rows))
    # Only after the commit: if the job fails, its last slice needs the file again.
    transaction.on_commit(lambda: path.unlink(missing_ok=True))
    job.result = str(target.relative_to(settings.MEDIA_ROOT))


def _path(job: BulkJob, ending: str) -> Path:
    slug = re.sub(r"[^\w-]", "", job.account.slug)
    return (
        Path(settings.MEDIA_ROOT) / "exports" / f"{slug}-followers-{job.created_at:%Y%m%d}-{job.pk}.{ending}"
    )


def names_of_columns() -> set[str]:
    """Returns what the columns that every export has are called, in any language."""
    names: set[str] = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names.update(map(str, _headings([])))
    return names


def _headings(fields: Sequence[CustomField]) -> Row:
    return [
        "OpenID", _("remark"), _("nickname"), _("name given in an order"), _("follows"), _("followed"),
        _("left"), _("came by"), _("channel"), _("last seen"), _("last did"), _("tags"), _("blacklisted"),
        *(field.name for field in fields),
    ]  # fmt: skip


def _lines(
    rows: Sequence[Follower], fields: Sequence[CustomField], *, masked: bool, hidden: bool
) -> Iterator[Row]:
    """Yields the rows of the file; ``masked`` masks OpenIDs, ``hidden`` all personal data."""
    prefetch_related_objects(rows, "tags")
    values = custom_fields.of_followers(rows)
    known = people.of(rows[0].account_id, (row.openid for row in rows)) if rows else {}
    for row in rows:
        own, who = values.get(row.pk, {}), known[row.openid]
        yield [
            mask(row.openid) if masked else row.openid,
            *(shown(each, allowed=not hidden) for each in (row.remark, row.nickname, who.given_name)),
            _("yes") if row.subscribed else _("no"),
            _moment(row.subscribed_at),
            _moment(row.unsubscribed_at),
            str(name_of_scene(row.subscribe_scene)),
            who.came_by if row.qr_scene_str or row.qr_scene else "",
            _moment(row.last_seen_at),
            str(name_of_activity(row.last_seen_kind)),
            "、".join(tag.name for tag in row.tags.all()),
            _("yes") if row.blacklisted else _("no"),
            *(MASK if hidden else _value(own.get(field.pk)) for field in fields),
        ]


def _value(value: FieldValue | None) -> Value:
    if value is None:
        return None
    if value.field.kind == CustomField.Kind.NUMBER and value.number is not None:
        number = value.number.normalize()
        return int(number) if number == number.to_integral_value() else number
    return custom_fields.shown(value)


def mask(openid: str) -> str:
    """Returns a shortened OpenID, long enough to distinguish rows and too short to look anybody up."""
    return f"{openid[:SHOWN_OF_AN_OPENID]}…{openid[-SHOWN_OF_AN_OPENID:]}"


def _moment(at: datetime.datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""
