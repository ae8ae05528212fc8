"""Edit conflicts: somebody saved a field while a page of it was open elsewhere, and the page is saved then.

A page posts what it showed: a digest of the initial value of each field. A save that would overwrite a field
which has another value by now is refused once. What was typed stays on the page, which then names the present
values and has their digests: saving it again overwrites them on purpose. A form that is posted without its
digests, such as that of a program, is saved as it is.

The admin's forms and formsets are ``checked`` by its base class. Another form subclasses ``EditForm``, its
view ``locks_row``, and its template has ``{{ form.shown_values }}``.
"""

import datetime
import functools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django import forms
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms.formsets import DELETION_FIELD_NAME
from django.forms.models import BaseModelFormSet
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wechat.console import simultaneous_saves
from wechat.console.phrases import joined, labelled, listed
from wechat.console.read_only import in_plain_words
from wechat.console.when import in_words
from wechat.kernel.registry import Registry

if TYPE_CHECKING:
    FormBase = forms.Form
    FormSetBase = BaseModelFormSet[Any, Any]
else:
    FormBase = FormSetBase = object

Form = TypeVar("Form", bound=type[forms.BaseForm])
FormSet = TypeVar("FormSet", bound=type[forms.BaseFormSet[Any]])
View = TypeVar("View", bound=Callable[..., Any])
Digests = Mapping[str, str]
# Called with a row and a time; returns who changed the row last since then, and when.
LastChange = Callable[[Model, datetime.datetime], tuple[str, datetime.datetime] | None]

last_changes: Registry[LastChange] = Registry("record of last changes")

# The name of the hidden field, after the prefix of the form.
SHOWN = "shown"
STORED = "_stored"
DIGEST = 16
LONGEST_VALUE = 80
ROWS_NAMED = 5


def locks_row(view: View) -> View:
    """Decorates the view of a row's form: a POST reads the row again and locks it until the answer."""

    @functools.wraps(view)
    def locked(request: HttpRequest, row: Model, *args: Any, **kwargs: Any) -> Any:
        with saving(request, row):
            return view(request, row, *args, **kwargs)

    return cast(View, simultaneous_saves.checks_again(locked))


@contextmanager
def saving(request: HttpRequest, row: Model) -> Iterator[None]:
    """Opens a transaction for a POST, which reads the row again and locks it."""
    if request.method != "POST":
        yield
        return
    with transaction.atomic():
        lock(row)
        yield


def lock(row: Model) -> None:
    """Reads the row again, and locks it until the transaction ends. Raises ``Http404`` if it is gone."""
    found = type(row)._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first()
    if found is None:
        raise Http404
    # As it is stored: ``refresh_from_db`` would decrypt secrets, of which perhaps no key opens one.
    vars(row).update({field.attname: vars(found)[field.attname] for field in row._meta.concrete_fields})
    row._state.fields_cache.clear()  # noqa: SLF001 - documented by Django


def compare_stored(field: forms.Field, value: object) -> None:
    """Has a field without an initial value, such as the input of a secret, compared by what is stored."""
    vars(field)[STORED] = value


class EditForm(FormBase):
    """A mixin before a form class: a form that does not overwrite what its page did not show.

    ``merged`` are the fields of which the form saves only what was changed, so that it overwrites nothing.
    """

    is_checked = False
    merged: ClassVar[frozenset[str]] = frozenset()

    def edited_row(self) -> Model | None:
        """Returns the row whose record of changes says who changed it meanwhile."""
        row: Model | None = getattr(self, "instance", None)
        return row

    @property
    def shown_values(self) -> SafeString:
        """Returns the hidden field with the digests."""
        return _hidden(self)

    def digests(self) -> Digests:
        return _digests(self)

    def full_clean(self) -> None:
        shown = _Shown.posted(self)
        # Taken before the cleaning, which puts the new values into the row.
        changed = shown.changed(self.digests()) if shown else ()
        super().full_clean()
        self.is_checked = True
        overwritten = [name for name in changed if name not in self.merged and _overwrites(self, name)]
        if shown and overwritten:
            self.add_error(None, _sentence(_in_words(self, overwritten), self.edited_row(), shown.at))


class EditFormSet(FormSetBase):
    """A mixin before a class of formsets of rows: its forms do not overwrite what their page did not show."""

    is_checked = False

    @property
    def shown_values(self) -> SafeString:
        """Returns the hidden field with the digests."""
        return _hidden(self)

    def full_clean(self) -> None:
        shown = _Shown.posted(self)
        changed = shown.changed(self.digests()) if shown else ()
        names = {form.prefix: str(form.instance) for form in self.initial_forms} if changed else {}
        super().full_clean()
        self.is_checked = True
        if not shown:
            return
        rows = list(self._overwritten(set(changed), names))
        if rows:
            sentence = _sentence(_listed(rows), getattr(self, "instance", None), shown.at)
            self.non_form_errors().append(sentence)
        if any(form.instance.pk is None and not self._is_deleted(form) for form in self.initial_forms):
            self.non_form_errors().append(
                _(
                    "A row of this page was deleted meanwhile. Delete it here too, or put its text into a "
                    "new row; then save again."
                )
            )

    def digests(self) -> Digests:
        # Which row it is cannot be changed.
        fixed = {
            cast("type[Model]", self.model)._meta.pk.name,
            getattr(getattr(self, "fk", None), "name", ""),
        }
        return {
            f"{form.instance.pk}:{name}": digest
            for form in self.initial_forms
            for name, digest in _digests(form).items()
            if name not in fixed
        }

    def _overwritten(self, changed: set[str], names: Mapping[str | None, str]) -> Iterator[str]:
        """Yields the rows that would be overwritten or deleted, with the fields that are changed."""
        for form in self.initial_forms:
            of_row = [name for name in form.fields if f"{form.instance.pk}:{name}" in changed]
            if not self._is_deleted(form):
                of_row = [name for name in of_row if _overwrites(form, name)]
            if of_row:
                yield labelled(Truncator(names[form.prefix]).chars(LONGEST_VALUE), _in_words(form, of_row))

    def _is_deleted(self, form: Any) -> bool:
        return self.can_delete and bool(vars(form).get("cleaned_data", {}).get(DELETION_FIELD_NAME))


def checked(form: Form) -> Form:
    """Returns the class of forms with the check for edit conflicts."""
    return cast(Form, _with(EditForm, form))


def checked_formset(formset: FormSet) -> FormSet:
    """Returns the class of formsets with the check for edit conflicts."""
    return cast(FormSet, _with(EditFormSet, formset))


def _with(mixin: type, base: Any) -> Any:
    if issubclass(base, mixin):
        return base
    return type(base)(base.__name__, (mixin, base), {"__module__": base.__module__, "__doc__": base.__doc__})


class _Shown:
    """The digests that a page posts, and the time at which it was drawn."""

    def __init__(self, at: datetime.datetime, digests: Digests) -> None:
        self.at, self.digests = at, digests

    @classmethod
    def posted(cls, form: Any) -> "_Shown | None":
        """Returns what the page of a bound form or formset showed; ``None`` if it does not say so."""
        row = getattr(form, "instance", None)
        if not form.is_bound or (row is not None and row.pk is None):
            return None
        try:
            posted = json.loads(form.data[_name(form)])
            return cls(datetime.datetime.fromtimestamp(posted["at"], datetime.UTC), dict(posted["of"]))
        except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
            return None

    def changed(self, now: Digests) -> list[str]:
        """Returns the names of the fields that have another value now."""
        return [name for name, digest in now.items() if self.digests.get(name, digest) != digest]


def _name(form: Any) -> str:
    return f"{form.prefix}-{SHOWN}" if form.prefix else SHOWN


def posted_next(form: Any) -> str:
    """Returns what the page of a form posts next: what was posted, until that has been checked."""
    if form.is_bound and not form.is_checked:
        return str(form.data.get(_name(form), ""))
    return json.dumps({"at": int(time.time()), "of": form.digests()}, separators=(",", ":"))


def _hidden(form: Any) -> SafeString:
    return format_html('<input type="hidden" name="{}" value="{}">', _name(form), posted_next(form))


def _digests(form: Any) -> dict[str, str]:
    """Returns a digest of each field's initial value; keyed, because the value may be a secret."""
    row = getattr(form, "instance", None)
    of = f"{row._meta.label}:{row.pk}" if row is not None else type(form).__name__
    return {
        name: _digest(
            f"{of}:{name}", [_in_order(form.get_initial_for_field(field, name)), vars(field).get(STORED)]
        )
        for name, field in form.fields.items()
        if not field.disabled
    }


def _digest(of: str, value: object) -> str:
    text = json.dumps(value, default=_plain, sort_keys=True)
    return salted_hmac(f"{__name__}:{of}", text, algorithm="sha256").hexdigest()[:DIGEST]


def _plain(value: object) -> object:
    """Returns what JSON does not know as something that it knows, the same in every process and time zone."""
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        return value.astimezone(datetime.UTC).isoformat()
    return str(value)


def _in_order(value: object) -> object:
    """Returns the value; rows, which the database gives in any order, in the order of their keys."""
    several = isinstance(value, list | tuple | set | frozenset | QuerySet)
    if several and any(isinstance(each, Model) for each in cast("Iterable[object]", value)):
        return sorted(each.pk for each in cast("Iterable[Model]", value))
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else value


def _overwrites(form: Any, name: str) -> bool:
    """Returns whether the form would put another value in the place of the present one."""
    field = form.fields[name]
    typed = form[name].data
    return name in form.changed_data and field.has_changed(form.get_initial_for_field(field, name), typed)


def _in_words(form: Any, names: Iterable[str]) -> str:
    """Returns fields of a form with their present values, but for secrets."""
    return listed(_field_in_words(form, name) for name in names)


def _field_in_words(form: Any, name: str) -> str:
    value = Truncator(in_plain_words(form, name)).chars(LONGEST_VALUE)
    words = _("“%(field)s” (now: %(value)s)") if value else _("“%(field)s” (now empty)")
    if STORED in vars(form.fields[name]):
        words = _("“%(field)s”")
    return words % {"field": form[name].label, "value": value}


def _listed(rows: list[str]) -> str:
    more = len(rows) - ROWS_NAMED
    if more > 0:
        rows = [*rows[:ROWS_NAMED], ngettext("and %d more row", "and %d more rows", more) % more]
    return _("; ").join(rows)


def _sentence(changed: str, row: Model | None, since: datetime.datetime) -> str:
    found = (look(row, since) for look in last_changes) if row is not None and row.pk else ()
    who = next((each for each in found if each), None)
    happened = _("While you had this page open, this was changed: %(changed)s.") % {"changed": changed}
    next_step = _(
        "Nothing is saved yet, and what you typed is still here. Save again to put yours in its place; to "
        "keep the other, fill in the present values first."
    )
    return joined([happened, _by(*who), next_step] if who else [happened, next_step])


def _by(who: str, at: datetime.datetime) -> str:
    return _("Latest entry in its history: %(who)s, %(at)s.") % {"who": who, "at": in_words(at)}
