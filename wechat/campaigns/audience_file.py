"""The table of a campaign: a row for each recipient, a column for each variable of the texts.

Columns are checked when the file is uploaded, rows when the recipients are selected.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.followers.importing import is_openid_name
from wechat.campaigns.models import AudienceRow, Campaign, Recipient, Variant
from wechat.console.phrases import joined, labelled
from wechat.console.tables import headings
from wechat.console.tables.cells import damage
from wechat.console.tables.headings import Heading, Numbered
from wechat.console.tables.limits import UnreadableTable
from wechat.kernel.placeholders import fill_all, needed_in
from wechat.pushes.values import TemplateField, check_all
from wechat.sdk.openids import is_openid

Reason = Recipient.Reason

# The variables that every follower has, whatever the audience.
COMMON_VARIABLES = ("openid", "account")
MOST_ROWS = 200_000
MOST_COLUMNS = 30
LONGEST_WORD = 1_000
SLICE = 5_000
COPY = "COPY campaigns_audiencerow (campaign_id, openid, words) FROM STDIN"
UPDATE_VERDICTS = """
UPDATE campaigns_audiencerow line SET reason = verdict.reason, note = verdict.note
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS verdict(id, reason, note)
WHERE line.id = verdict.id AND (line.reason, line.note) <> (verdict.reason, verdict.note)
"""


class BadTable(Exception):
    """The error for an unusable file; its text tells staff what to do."""


@dataclass(slots=True)
class Loaded:
    """The columns of a loaded file, and how many rows were taken, repeated or without an OpenID."""

    columns: list[str]
    rows: int = 0
    repeated: int = 0
    without_openid: int = 0


def load(campaign: Campaign, file: IO[bytes]) -> Loaded:
    """Replaces the campaign's rows with those of the file. Raises ``BadTable`` and keeps the former rows."""
    try:
        with transaction.atomic():
            heading, rows = headings.split(file, is_openid_name)
            place, names = _columns(heading)
            loaded = Loaded(list(names.values()))
            AudienceRow.objects.filter(campaign=campaign).delete()
            _write(campaign, _unique_rows(rows, place, names, loaded))
            if not loaded.rows:
                raise BadTable(_("The table has no rows below its first one."))
            _save_summary(campaign, loaded)
    except UnreadableTable as error:
        raise BadTable(str(error)) from None
    return loaded


def drop(campaign: Campaign) -> None:
    """Deletes the rows and the columns of a campaign whose audience is no longer a table."""
    AudienceRow.objects.filter(campaign=campaign).delete()
    _save_summary(campaign, Loaded([]))


def _save_summary(campaign: Campaign, loaded: Loaded) -> None:
    campaign.columns = loaded.columns
    campaign.repeated, campaign.nameless = loaded.repeated, loaded.without_openid
    campaign.save(update_fields=["columns", "repeated", "nameless"])


def _columns(heading: Heading) -> tuple[int, dict[int, str]]:
    """Returns the index of the OpenID's column, and the names of the other columns by index."""
    place = heading.first(is_openid_name)
    if place is None:
        raise BadTable(
            _(
                "No column is called OpenID: a row at the top must name the columns. "
                "Of a workbook, the sheet is read that was open when it was saved."
            )
        )
    others = {number: name for number, name in heading.names.items() if number != place}
    if wrong := [name for name in others.values() if len(name) > 40 or set(name) & set("{}|")]:
        sentence = _("A column needs a name of at most 40 characters without { } and |: %(names)s")
        raise BadTable(sentence % {"names": "、".join(wrong)})
    if len(set(heading.names.values())) < len(heading.names):
        raise BadTable(_("Two columns have the same name."))
    if len(others) > MOST_COLUMNS:
        raise BadTable(_("At most %(most)d columns, please.") % {"most": MOST_COLUMNS})
    return place, others


def _unique_rows(
    rows: Iterable[Numbered], place: int, names: dict[int, str], loaded: Loaded
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields the openid and the values of each row; of rows with the same openid the first one counts."""
    seen: set[str] = set()
    for row_number, row in rows:
        openid = row[place].strip() if place < len(row) else ""
        if not is_openid(openid):
            loaded.without_openid += any(cell.strip() for cell in row)
        elif openid in seen:
            loaded.repeated += 1
        elif len(seen) >= MOST_ROWS:
            raise BadTable(_("The table has more than %(most)s rows; split it.") % {"most": f"{MOST_ROWS:,}"})
        else:
            seen.add(openid)
            loaded.rows += 1
            _check_length(row_number, (place, *names), row)
            words = {name: _cell(row, number) for number, name in names.items()}
            _check(row_number, words)
            yield openid, words


def _check_length(number: int, places: Sequence[int], row: Sequence[str]) -> None:
    if too_many := headings.surplus(places, row):
        raise BadTable(_("Row %(row)d: %(problem)s") % {"row": number, "problem": too_many})


def _check(number: int, words: Mapping[str, str]) -> None:
    """Raises ``BadTable`` for a cell that a spreadsheet has spoilt: it would be sent as it is."""
    for name, word in words.items():
        if damaged := damage(word):
            sentence = _("Row %(row)d, column “%(column)s”: %(problem)s")
            raise BadTable(sentence % {"row": number, "column": name, "problem": damaged})


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip()[:LONGEST_WORD] if place < len(row) else ""


def _write(campaign: Campaign, rows: Iterable[tuple[str, dict[str, str]]]) -> None:
    with connection.cursor() as cursor:
        driver: Any = cursor.cursor
        with driver.copy(COPY) as copy:
            for openid, words in rows:
                copy.write_row((campaign.pk, openid, json.dumps(words, ensure_ascii=False)))


def record_verdicts(campaign: Campaign) -> None:
    """Records which rows lack a value that a text needs, or have values that break a rule of the template."""
    variants = list(campaign.variants.all())
    fields = campaign.template.fields if campaign.template and campaign.uses_template else []
    required = required_variables(campaign, variants) - set(COMMON_VARIABLES)
    last = 0
    while rows := list(AudienceRow.objects.filter(campaign=campaign, pk__gt=last).order_by("pk")[:SLICE]):
        verdicts = [_verdict(campaign, row, required, fields, variants) for row in rows]
        with connection.cursor() as cursor:
            cursor.execute(
                UPDATE_VERDICTS,
                [[row.pk for row in rows], [each[0] for each in verdicts], [each[1] for each in verdicts]],
            )
        last = rows[-1].pk


def required_variables(campaign: Campaign, variants: Iterable[Variant]) -> set[str]:
    """Returns the variables without a fallback in the texts, for all ways a message may be sent."""
    words: set[str] = set()
    for variant in variants:
        if campaign.uses_service:
            words |= needed_in(variant.content) & set(campaign.columns)
        if campaign.uses_template:
            words |= needed_in(variant.values, variant.url, variant.pagepath)
    return words


def _verdict(
    campaign: Campaign,
    row: AudienceRow,
    required: set[str],
    fields: Sequence[TemplateField],
    variants: Sequence[Variant],
) -> tuple[str, str]:
    """Returns the reason why a row cannot be sent and a note on it, or two empty texts."""
    if missing := sorted(word for word in required if not row.words.get(word)):
        return Reason.NO_WORD, "、".join(missing)[:200]
    words = {**row.words, "openid": row.openid, "account": campaign.account.name}
    for variant in variants:
        wrong = check_all(fields, fill_all(variant.values, words))
        if wrong:
            name, problems = next(iter(wrong.items()))
            return Reason.BAD_WORD, labelled(name, joined(problems))[:200]
    return "", ""
