"""The audit log: who changed what, when and from where, with the values before and after.

An entry names its row by model and key; it is shown in the history of that row and on the page of all
entries. It holds no personal data of followers: the values of rows about a person are withheld, and OpenIDs
are removed from sentences, so that the erasure of a person does not have to change the log.
"""

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.forms import ChoiceField, ModelChoiceField
from django.http import HttpRequest
from django.utils.choices import flatten_choices
from django.utils.translation import gettext
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.gate import reader
from accounts.staff.models import AuditEntry
from accounts.staff.models.audit import NOTHING
from wechat.console import edit_conflicts
from wechat.console.phrases import labelled, listed
from wechat.kernel.addresses import client_address
from wechat.kernel.secrets import SecretField

LONGEST_VALUE = 200
LONGEST_LABEL = 200
# Not ``\b``: an OpenID may end in a hyphen, and stand amid Chinese words.
OPENID = re.compile(r"(?<![A-Za-z0-9])o[A-Za-z0-9_-]{27}(?![A-Za-z0-9])")
WITHHELD = "…"
ACTIONS = {
    ADDITION: AuditEntry.Action.ADDED,
    CHANGE: AuditEntry.Action.CHANGED,
    DELETION: AuditEntry.Action.DELETED,
}

# Values, by the names that staff know.
Values = Mapping[str, object]


def record(
    request: HttpRequest,
    about: Model | Iterable[Model],
    action: StrOrPromise | list[dict[str, Any]],
    before: Values | None = None,
    after: Values | None = None,
    *,
    flag: int = CHANGE,
    account: OfficialAccount | None = None,
) -> None:
    """Records what the reader of the page did with a row, or with each of several rows.

    ``action`` is a sentence, or the admin's own list of what its forms changed. ``account`` is the account of
    the log, for rows that do not have one.
    """
    _write(
        reader(request),
        about,
        action,
        before,
        after,
        flag=flag,
        account_id=account.pk if account else None,
        shown=_shown_account(request),
        address=client_address(request),
    )


def record_with_message(
    request: HttpRequest,
    about: Model | Iterable[Model],
    sentence: str,
    before: Values | None = None,
    after: Values | None = None,
    *,
    account: OfficialAccount | None = None,
) -> None:
    """Records what the reader of the page did, like ``record``, and tells them in the same sentence."""
    record(request, about, sentence, before, after, account=account)
    messages.success(request, sentence)


def record_by(user_id: int, about: Model, action: StrOrPromise) -> None:
    """Records what a user did with a row, for an action carried out later than it was requested."""
    _write(User.objects.get(pk=user_id), about, action)


def entries_of(row: Model) -> "QuerySet[AuditEntry]":
    """Returns the entries about a row, newest first."""
    return AuditEntry.objects.filter(kind=row._meta.label_lower, object_id=str(row.pk)).order_by("-pk")


@edit_conflicts.last_changes.register
def last_change(row: Model, since: datetime.datetime) -> tuple[str, datetime.datetime] | None:
    """Returns who changed a row last since a time, and when; ``None`` if the log has no such entry."""
    entry = entries_of(row).filter(at__gte=since).first()
    return (entry.actor, entry.at) if entry else None


def is_about_a_person(model: type[Model]) -> bool:
    """Returns whether rows of this model are about one follower."""
    return any(
        field.name == "openid"
        or (field.many_to_one and getattr(field.related_model, "__name__", "") == "Follower")
        for field in model._meta.get_fields()
    )


def values_in(form: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the values that a form changed, before and after, by label; without fields for secrets."""
    shown = [name for name in form.changed_data if _may_be_shown(form, name)]
    before = {str(form[name].label): _chosen(form.fields[name], form[name].initial) for name in shown}
    after = {str(form[name].label): _chosen(form.fields[name], form.cleaned_data.get(name)) for name in shown}
    return before, after


def changed_in(form: Any) -> list[str]:
    """Returns the labels of the fields that a form changed, with old and new values of those not secret."""
    before, after = values_in(form)
    labels = (str(form[name].label) for name in form.changed_data)
    return [
        labelled(label, f"{before[label]} → {after[label]}") if label in before else label for label in labels
    ]


def _write(
    user: User,
    about: Model | Iterable[Model],
    action: StrOrPromise | list[dict[str, Any]],
    before: Values | None = None,
    after: Values | None = None,
    *,
    flag: int = CHANGE,
    account_id: int | None = None,
    shown: int | None = None,
    address: str = "",
) -> None:
    rows: list[Any] = [about] if isinstance(about, Model) else list(about)
    note, was, now = _in_words(action, before or {}, after or {})
    AuditEntry.objects.bulk_create(
        AuditEntry(
            user=user,
            actor=f"{user.first_name} ({user.username})" if user.first_name else user.username,
            address=address,
            action=ACTIONS[flag],
            account_id=account_id or _account_id(row, shown),
            kind=row._meta.label_lower,
            object_id=str(row.pk),
            label=_label(row),
            note=_without_openids(note),
            before=_kept(row, was),
            after=_kept(row, now),
        )
        for row in rows
    )


def _in_words(
    action: StrOrPromise | list[dict[str, Any]], before: Values, after: Values
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Returns the sentence, and the changed values before and after."""
    was, now = dict(before), dict(after)
    if isinstance(action, list):
        for part in action:
            form_before, form_after = part.pop("values", ({}, {}))
            was, now = {**was, **form_before}, {**now, **form_after}
        parts = [part for part in action if part.get("changed") != {"fields": []}]
        note = LogEntry(change_message=json.dumps(parts)).get_change_message() if parts else ""
    else:
        note = str(action)
    names = [name for name in dict.fromkeys([*was, *now]) if was.get(name) != now.get(name)]
    return (
        note,
        {str(name): _text(was.get(name)) for name in names},
        {str(name): _text(now.get(name)) for name in names},
    )


def _label(row: Model) -> str:
    """Returns the name of the row.

    A row about a person has no label, unless it has a name that does not identify that person.
    """
    if is_about_a_person(row._meta.model):
        return str(getattr(row, "impersonal_name", ""))[:LONGEST_LABEL]
    return _without_openids(str(row))[:LONGEST_LABEL]


def _kept(row: Model, values: Mapping[str, str]) -> dict[str, str | None]:
    if is_about_a_person(row._meta.model):
        return {name: value if value == NOTHING else None for name, value in values.items()}
    return {name: _without_openids(value) for name, value in values.items()}


def _account_id(row: Model, shown: int | None) -> int | None:
    if isinstance(row, OfficialAccount):
        return row.pk
    found: int | None = getattr(row, "account_id", None)
    return found or shown


def _shown_account(request: HttpRequest) -> int | None:
    entered = vars(request).get("_entered")
    return entered.account.pk if entered else None


def _without_openids(text: str) -> str:
    return OPENID.sub(WITHHELD, text)


def _may_be_shown(form: Any, name: str) -> bool:
    """Returns whether a field is one that its model stores unencrypted.

    A field that only the form has is not shown: it may be the input of a secret.
    """
    fields = {field.name: field for field in form._meta.model._meta.get_fields()}
    return name in fields and not isinstance(fields[name], SecretField)


def _chosen(field: Any, value: Any) -> str:
    """Returns a value in the words of its field: a row's name, the label of a choice, yes or no."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(field, ModelChoiceField):
        return _text(_row(field, value) if isinstance(value, int | str) and value else value)
    if not isinstance(field, ChoiceField):
        return _text(value)
    labels = _labels(field)
    several = value if isinstance(value, list | tuple) else [value]
    return _text(listed(labels.get(str(each), str(each)) for each in several if each not in ("", None)))


def _row(field: Any, key: int | str) -> Any:
    """Returns the row with this key, or the key if the field no longer offers the row."""
    return field.queryset.filter(**{field.to_field_name or "pk": key}).first() or key


def _labels(field: Any) -> dict[str, str]:
    pairs: Any = flatten_choices(field.choices)
    return {str(key): str(label) for key, label in pairs}


def _text(value: object) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, Iterable) and not isinstance(value, str):
        value = listed(value)
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
