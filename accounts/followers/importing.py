"""The import of remarks and custom fields from a table; each row is imported as a whole or refused.

A column is the OpenID, the remark, or a custom field by its name; an empty cell changes nothing.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.followers import changes, custom_fields, erasures, exporting, jobs
from accounts.followers.custom_fields import BadValue, Value
from accounts.followers.models import BulkJob, Change, CustomField, Follower
from accounts.official.models import OfficialAccount
from wechat.console.phrases import listed
from wechat.console.tables import headings, reading, writing
from wechat.console.tables.cells import damage
from wechat.console.tables.headings import Heading, Numbered
from wechat.console.tables.limits import UnreadableTable
from wechat.sdk.calls.users import is_remark

SLICE = 5_000
UNPACKED = "imports/unpacked"
# What programs call the column of OpenIDs, and whose they say these are.
WHOSE = (
    "用户|粉丝|会员|客户|顾客|买家|关注者|微信|公众号|服务号|订阅号|"
    "wx|weixin|wechat|mp|gzh|oa|user|member|customer|fans?|follower"
)
OPENID_NAME = re.compile(rf"(?:(?:{WHOSE})的?){{0,2}}openid(?:号|列表|list|s)?|fromusername|touser")
# What a name tells of its column, as in OpenID（必填）.
NOTE = re.compile(r"\(.*\)|[\W_]")
REMARK_NAMES = {"remark", "备注", "备注名"}


class BadColumns(Exception):
    """The first row of the table does not name its columns; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The positions of the columns in a row; ``fields`` maps positions to custom fields.

    ``left_out`` maps positions to the names of columns that an export has and an import cannot set.
    """

    openid: int
    remark: int | None
    fields: Mapping[int, CustomField]
    left_out: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """The values that one row of the file asks to set; an empty remark changes nothing."""

    openid: str
    remark: str
    values: Mapping[CustomField, Value]


def is_openid_name(name: str) -> bool:
    """Returns whether a column of this name has OpenIDs."""
    plain = NOTE.sub("", unicodedata.normalize("NFKC", name).casefold())
    return OPENID_NAME.fullmatch(plain) is not None


def columns_of(account: OfficialAccount, heading: Heading) -> Columns:
    """Returns the columns that a heading names.

    Raises ``BadColumns`` for a table without OpenIDs, with an unknown column, or with the same column twice.
    """
    names = heading.names
    own = {field.name: field for field in CustomField.objects.filter(account=account)}
    openid = heading.first(is_openid_name)
    if openid is None:
        raise BadColumns(
            _(
                "No column is called OpenID: a row at the top must name the columns. "
                "Of a workbook, the sheet is read that was open when it was saved."
            )
        )
    remark = heading.first(lambda name: name.lower() in REMARK_NAMES)
    others = {place: name for place, name in names.items() if place not in {openid, remark}}
    exported = exporting.names_of_columns()
    left_out = {place: name for place, name in others.items() if name in exported and name not in own}
    if unknown := [name for place, name in others.items() if name not in own and place not in left_out]:
        raise BadColumns(
            _("There is no custom field called %(names)s. Make it first, or take the column out.")
            % {"names": listed(f"“{name}”" for name in unknown)}
        )
    if len(set(names.values())) < len(names):
        raise BadColumns(_("Two columns have the same name."))
    fields = {place: own[name] for place, name in others.items() if name in own}
    return Columns(openid, remark, fields, left_out)


def import_slice(job: BulkJob) -> bool:
    """Imports the next rows of the file; ``job.processed`` is the number of rows done, without the heading.

    Returns whether more are left. A workbook is first copied as CSV, which can be read from any row on.
    """
    try:
        with Path(job.source.path).open("rb") as file:
            if reading.is_workbook(file):
                uploaded = str(job.source.name)
                job.source.name = _unpacked(file, job)
                transaction.on_commit(lambda: job.source.storage.delete(uploaded))
                return True
            heading, rows = headings.split(file, is_openid_name)
            columns = columns_of(job.account, heading)
            part = list(islice(rows, job.processed, job.processed + SLICE))
    except (UnreadableTable, BadColumns) as error:
        raise jobs.JobImpossible(str(error)) from None
    _take(job, columns, part)
    job.processed += len(part)
    job.total = max(job.total, job.processed)
    return len(part) == SLICE


def _unpacked(workbook: IO[bytes], job: BulkJob) -> str:
    """Writes the workbook's table to a CSV file, each row on its line; returns that file's name.

    CSV can be read from any row on. No uploaded file is in its folder, so it has the name of none.
    """
    name = f"{UNPACKED}/{job.pk}.csv"
    target = Path(job.source.storage.path(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    heading, rows = headings.split(workbook, is_openid_name)
    above: list[list[str]] = [[]] * (heading.number - 1)
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            writing.copy_as_csv([*above, heading.as_row()], file)
            writing.copy_as_csv((row for _number, row in rows), file)
    except UnreadableTable:
        target.unlink()
        raise
    return name


def _take(job: BulkJob, columns: Columns, part: Sequence[Numbered]) -> None:
    imported: dict[int, ImportedRow] = {}
    faults: list[tuple[int, str, str]] = []
    for number, cells in part:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            imported[number] = _imported_row(columns, cells)
        except BadValue as error:
            faults.append((number, _at(cells, columns.openid)[:64], str(error)))
    known = _known(job.account, imported)
    erasures.block_erasures(job.account_id)
    for openid in erasures.erased_since(job.account_id, list(known), job.created_at):
        del known[openid]
    for number, row in imported.items():
        if row.openid not in known:
            faults.append((number, row.openid[:64], _("This account knows no such OpenID.")))
    jobs.fault(job, sorted(faults))
    _write(job, [(known[row.openid], row) for row in imported.values() if row.openid in known])


def _known(account: OfficialAccount, imported: Mapping[int, ImportedRow]) -> dict[str, Follower]:
    openids = {row.openid for row in imported.values()}
    return {row.openid: row for row in Follower.objects.filter(account=account, openid__in=openids)}


def _imported_row(columns: Columns, row: Sequence[str]) -> ImportedRow:
    openid = _at(row, columns.openid)
    if not openid:
        raise BadValue(_("The OpenID is missing."))
    used = (columns.openid, columns.remark, *columns.fields)
    if damaged := next(filter(None, (damage(_at(row, at)) for at in used if at is not None)), ""):
        raise BadValue(damaged)
    if too_many := headings.surplus([at for at in (*used, *columns.left_out) if at is not None], row):
        raise BadValue(too_many)
    remark = _at(row, columns.remark) if columns.remark is not None else ""
    if not is_remark(remark):
        raise BadValue(
            _("The remark is too long for WeChat: less than 30 bytes, about 9 Chinese characters.")
        )
    values = {
        field: custom_fields.read(field, text)
        for place, field in columns.fields.items()
        if (text := _at(row, place))
    }
    return ImportedRow(openid, remark, values)


def _at(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _write(job: BulkJob, given: Sequence[tuple[Follower, ImportedRow]]) -> None:
    """Saves the values; of two rows about one follower the later one wins, cell by cell."""
    values: dict[Follower, dict[CustomField, Value | None]] = {}
    remarked: dict[Follower, str] = {}
    for follower, row in given:
        values.setdefault(follower, {}).update(row.values)
        if row.remark:
            remarked[follower] = row.remark
    remarked = {follower: remark for follower, remark in remarked.items() if remark != follower.remark}
    custom_fields.save(values.items())
    for follower, remark in remarked.items():
        follower.remark = remark
    Follower.objects.bulk_update(remarked, ["remark"], batch_size=1_000)
    changes.queue_each(Change.Kind.REMARK, remarked.items(), job)
