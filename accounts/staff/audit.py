"""What staff changed: who, when, what it was before and what it is now.

An entry names the row it is about and is shown as the history of that row.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from django_stubs_ext import StrOrPromise

from wechat.kernel.secrets import SecretField

LONGEST_VALUE = 200

# Values by the name that staff know them by.
Values = Mapping[str, object]


def record(
    request: HttpRequest,
    about: Model | Iterable[Model],
    action: StrOrPromise | list[dict[str, Any]],
    before: Values | None = None,
    after: Values | None = None,
    *,
    flag: int = CHANGE,
) -> None:
    """Keeps what the reader of the page did with a row, or with each of several.

    ``action`` is a sentence, or the admin's own list of what its forms changed.
    """
    assert isinstance(request.user, User)
    record_by(request.user.pk, about, action, before, after, flag=flag)


def record_by(
    user_id: int,
    about: Model | Iterable[Model],
    action: StrOrPromise | list[dict[str, Any]],
    before: Values | None = None,
    after: Values | None = None,
    *,
    flag: int = CHANGE,
) -> None:
    """As ``record``, for what is carried out later than it was asked for."""
    rows: list[Any] = [about] if isinstance(about, Model) else list(about)
    message = (
        action if isinstance(action, list) else " ".join(filter(None, [str(action), *changes(before, after)]))
    )
    if rows:
        LogEntry.objects.log_actions(user_id, rows, flag, message)


def changes(before: Values | None, after: Values | None) -> list[str]:
    """Every value that is another one now, as ``name: before → after``."""
    was, now = before or {}, after or {}
    names = dict.fromkeys([*was, *now])
    return [
        f"{name}: {_shown(was.get(name))} → {_shown(now.get(name))}"
        for name in names
        if was.get(name) != now.get(name)
    ]


def changed_in(form: Any) -> list[str]:
    """The fields that a form changed; of those that hold no secret, from what to what."""
    return [
        f"{form[name].label}: {_shown(form[name].initial)} → {_shown(form.cleaned_data.get(name))}"
        if _may_be_shown(form, name)
        else str(form[name].label)
        for name in form.changed_data
    ]


def _may_be_shown(form: Any, name: str) -> bool:
    """Only what a model keeps in the clear: a field of the form alone may be the way to a secret."""
    fields = {field.name: field for field in form._meta.model._meta.get_fields()}
    return name in fields and not isinstance(fields[name], SecretField)


def _shown(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, Iterable) and not isinstance(value, str):
        value = ", ".join(map(str, value))
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
