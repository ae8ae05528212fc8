"""The import of rules from a file or from the platform's own page; it is idempotent.

In a file each rule is written by ``portable``, with a permanent ``key``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from wechat.console.exchange import FileFormat
from wechat.console.phrases import joined
from wechat.replies import platform_videos, rulebook
from wechat.replies.models import Rule
from wechat.replies.platform import described
from wechat.replies.portable import Portable, digest, portable, write

# The prefix of the keys of rules that were made by hand.
MADE_HERE = "rule:"
FILE = FileFormat("wechat-console-rules", key="rules", most=5000)


@dataclass(slots=True)
class RuleImportReport:
    """The names of the imported rules by outcome; ``problems`` are sentences."""

    made: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    edited_here: list[str] = field(default_factory=list)
    switched_off: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def import_autoreply(account: OfficialAccount, info: dict[str, Any]) -> RuleImportReport:
    """Imports the answer of ``get_current_autoreply_info``. A rule edited here stays as it is.

    What our rules cannot express becomes a disabled rule, with a note that holds the original.
    """
    report = RuleImportReport()
    platform_videos.take_over(account, info)
    with transaction.atomic():
        for key, data in described(info, account.name):
            _import_one(account, key, data, report, keep_edits=True)
    return report


def import_rules(account: OfficialAccount, text: bytes, *, rehearse: bool = False) -> RuleImportReport:
    """Imports a file, or with ``rehearse`` only reports what would change. Raises ``UnreadableFile``.

    The import is atomic: with ``problems`` in the report nothing was changed.
    """
    report = RuleImportReport()
    rules = FILE.read(text)
    with transaction.atomic():
        for number, data in enumerate(rules, start=1):
            _import_numbered(account, number, data, report)
        transaction.set_rollback(rehearse or bool(report.problems))
    return report


def export_rules(rules: Iterable[Rule]) -> str:
    return FILE.written({"key": key_of(rule), **portable(rule)} for rule in rules)


def key_of(rule: Rule) -> str:
    return rule.source_key or f"{MADE_HERE}{rule.secret_id}"


def _import_numbered(account: OfficialAccount, number: int, data: Any, report: RuleImportReport) -> None:
    where = {"number": number, "name": data.get("name", "") if isinstance(data, dict) else ""}
    try:
        if (
            not isinstance(data, dict)
            or not isinstance(data.get("key"), str)
            or not 0 < len(data["key"]) <= 80
        ):
            raise ValidationError(_("It has no key."))
        _import_one(account, data["key"], data, report, keep_edits=False)
    except ValidationError as error:
        what = joined(error.messages)
        report.problems.append(_("Rule %(number)d, %(name)s: %(what)s") % {**where, "what": what})


def _import_one(
    account: OfficialAccount, key: str, data: Portable, report: RuleImportReport, *, keep_edits: bool
) -> None:
    rule = _known(account, key)
    if rule is None:
        rule = Rule(account=account, source_key=key, position=_next_position(account))
        _write(account, rule, data)
        report.made.append(rule.name)
    elif not keep_edits:
        _update(account, rule, data, report)
    elif digest(portable(rule)) != rule.source_digest:
        report.edited_here.append(rule.name)
    else:
        _update(account, rule, {**data, "enabled": rule.enabled and data["enabled"]}, report)
    if not rule.enabled:
        report.switched_off.append(rule.name)


def _update(account: OfficialAccount, rule: Rule, data: Portable, report: RuleImportReport) -> None:
    before = portable(rule)
    with transaction.atomic():
        unchanged = _write(account, rule, data) == before
        # An import without a change leaves no trace in the history.
        transaction.set_rollback(unchanged)
    (report.unchanged if unchanged else report.updated).append(rule.name)


@transaction.atomic
def _write(account: OfficialAccount, rule: Rule, data: Portable) -> Portable:
    """Writes the data to the rule; returns the rule as plain data as it is now."""
    write(account, rule, data)
    written = portable(rulebook.loaded(Rule.objects.filter(pk=rule.pk)).get())
    Rule.objects.filter(pk=rule.pk).update(source_digest=digest(written))
    return written


def _known(account: OfficialAccount, key: str) -> Rule | None:
    """Returns the rule with the key (see ``key_of``), or ``None``."""
    rules = rulebook.loaded(Rule.objects.filter(account=account))
    found = rules.filter(source_key=key).first()
    if found is None and (made_here := _secret_id(key)):
        found = rules.filter(source_key="", secret_id=made_here).first()
    return found


def _secret_id(key: str) -> UUID | None:
    """Returns the id in the key of a rule made by hand, or ``None`` for any other key."""
    try:
        found = UUID(key.removeprefix(MADE_HERE))
    except ValueError:
        return None
    return found if key == f"{MADE_HERE}{found}" else None


def _next_position(account: OfficialAccount) -> int:
    last = Rule.objects.filter(account=account).aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1
