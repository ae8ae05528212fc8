"""The forms for readers who may not change a row: the same labels and values, without inputs.

Django would show the model's fields instead: fields that only the form has would be empty and named in
English.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import TYPE_CHECKING, Any

import unfold.forms
from django import forms
from django.contrib.admin import helpers
from django.contrib.admin.utils import flatten
from django.core.exceptions import FieldDoesNotExist
from django.template.defaultfilters import linebreaksbr, urlize
from django.utils.choices import flatten_choices
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.fields import UnfoldAdminField, UnfoldAdminReadonlyField

from wechat.console.when import in_words

if TYPE_CHECKING:
    from django.contrib.admin import helpers as django_helpers
    from django.contrib.admin.helpers import Fieldline

    class AdminReadonlyField(django_helpers.AdminReadonlyField):
        @property
        def is_json(self) -> bool: ...

        @property
        def is_file(self) -> bool: ...

    class Fieldset(django_helpers.Fieldset):
        fields: Any
else:
    AdminReadonlyField = UnfoldAdminReadonlyField
    Fieldline, Fieldset = unfold.forms.Fieldline, unfold.forms.Fieldset

READ_AS = "_read_as"
EMPTY = "–"


def read_as(field: forms.Field, words: Callable[[], str]) -> None:
    """Sets the text that is shown for a field, such as whether a secret is set, or how a text will look."""
    vars(field)[READ_AS] = words


class ReadOnlyField(AdminReadonlyField):
    """A field without an input; one that the form lacks, such as a computed one, is shown as usual."""

    def __init__(self, form: Any, field: Any, is_first: bool, model_admin: Any = None) -> None:
        super().__init__(form, field, is_first, model_admin)
        if self._asked is not None:
            self.field["label"] = str(self._asked.label or self.field["label"])
            self.field["help_text"] = ""

    @property
    def is_shown(self) -> bool:
        """Returns whether the form would show the field now: not one of another kind, or only for uploads."""
        if self._is_place:
            return False
        if self._asked is None:
            return True
        widget = self._asked.widget
        if widget.is_hidden or (isinstance(self._asked, forms.FileField) and not self._value):
            return False
        chooser, kinds = widget.attrs.get("data-shown-by"), widget.attrs.get("data-shown-for", "").split()
        return not chooser or str(_value_of(self.form, chooser)) in kinds

    @property
    def _is_place(self) -> bool:
        """Returns whether it is the number for ordering rows by dragging, which no form shows either."""
        shown_in: Any = self.model_admin
        hidden = getattr(shown_in, "hide_ordering_field", False)
        return bool(hidden and self.field["field"] == shown_in.ordering_field)

    def contents(self) -> SafeString:
        if self._asked is None:
            return super().contents()
        if words := vars(self._asked).get(READ_AS):
            return format_html("{}", words())
        return format_html("{}", _in_words(self._asked, self._value) or EMPTY)

    def get_admin_url(self, remote_field: Any, remote_obj: Any) -> str:
        """Returns a link to another row, or only its name if the reader may not open it."""
        reader = getattr(self.form, "reader", None)
        shown_in: Any = self.model_admin
        site = shown_in.admin_site
        if reader is None or not site.is_registered(type(remote_obj)):
            return str(remote_obj)
        may_open = site.get_model_admin(type(remote_obj)).has_view_permission(reader, remote_obj)
        linked: str = super().get_admin_url(remote_field, remote_obj) if may_open else str(remote_obj)
        return linked

    @property
    def is_json(self) -> bool:
        return self._asked is None and bool(super().is_json)

    @property
    def is_file(self) -> bool:
        return self._asked is None and bool(super().is_file)

    @cached_property
    def _asked(self) -> forms.Field | None:
        name = self.field["field"]
        found: forms.Field | None = self.form.fields.get(name) if isinstance(name, str) else None
        return found

    @cached_property
    def _value(self) -> Any:
        return _value_of(self.form, self.field["name"])


class ReadOnlyFieldset(Fieldset):
    """A group of fields; it is not folded if a field has an error, even where two fields share a line."""

    def __iter__(self) -> Iterator[Any]:
        for field in self.fields:
            yield ReadOnlyLine(self.form, field, self.readonly_fields, self.model_admin)

    @cached_property
    def is_collapsible(self) -> bool:
        names = flatten(self.fields)
        return "collapse" in self.classes and not any(name in self.form.errors for name in names)


class ReadOnlyLine(Fieldline):
    """A line of a form without the fields that are not shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fields = [self._made(name, number == 0) for number, name in enumerate(self.fields)]
        self._fields = [each for each in self._fields if getattr(each, "is_shown", True)]
        self.has_visible_field = self.has_visible_field and bool(self._fields)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._fields)

    def _made(self, name: Any, is_first: bool) -> Any:
        if name in self.readonly_fields:
            return ReadOnlyField(self.form, name, is_first, self.model_admin)
        return UnfoldAdminField(self.form, name, is_first)


def in_plain_words(form: Any, name: str) -> str:
    """Returns the initial value of a form's field in words, without HTML; the empty text for none."""
    field = form.fields[name]
    shown = _in_words(field, form.get_initial_for_field(field, name))
    return strip_tags(unescape(str(shown).replace("<br>", "\n"))).strip()


def install() -> None:
    """Replaces the skin's classes of lines and sections with ours; the skin has no other way to do so."""
    vars(unfold.forms)["Fieldline"] = ReadOnlyLine
    vars(unfold.forms)["Fieldset"] = ReadOnlyFieldset
    # Otherwise the skin does so when the first form is shown; a page of versions may be opened before that.
    vars(helpers).update(AdminForm=unfold.forms.AdminForm, Fieldline=ReadOnlyLine)


def _value_of(form: Any, name: str) -> Any:
    """Returns the initial value of the form's field, or the row's value of this name."""
    if name in form.initial:
        return form.get_initial_for_field(form.fields[name], name) if name in form.fields else None
    try:
        return form._meta.model._meta.get_field(name).value_from_object(form.instance)
    except FieldDoesNotExist:
        return form.get_initial_for_field(form.fields[name], name) if name in form.fields else None


def _in_words(field: forms.Field, value: Any) -> SafeString | str:
    """Returns the value as the form would show it, or the empty text."""
    if isinstance(field, forms.ModelChoiceField):
        return _rows(field, value)
    if isinstance(field, forms.ChoiceField):
        return _chosen(field, value if isinstance(value, (list, tuple, set)) else [value])
    if isinstance(field, forms.BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(value, (datetime.date, datetime.time)):
        return in_words(value)
    shown = str(field.widget.format_value(field.prepare_value(value)) or "")
    return linebreaksbr(urlize(shown))


def _rows(field: forms.ModelChoiceField[Any], value: Any) -> SafeString | str:
    keys = value if isinstance(value, (list, tuple, set)) else [value]
    rows = [each for each in keys if hasattr(each, "_meta")]
    wanted = [each for each in keys if each and not hasattr(each, "_meta")]
    # Includes rows that are no longer offered, because they are the stored value.
    known = field.queryset.model._default_manager.in_bulk(wanted) if field.queryset is not None else {}
    rows += [known[key] for key in wanted if key in known]
    draw: Callable[[Iterable[Any]], SafeString] | None = getattr(field.widget, "read", None)
    if rows and draw:
        return draw(rows)
    if not rows and "data-pick-kept" in field.widget.attrs:
        return str(field.empty_label)
    return _listed(field.label_from_instance(each) for each in rows)


def _chosen(field: forms.ChoiceField, values: Iterable[Any]) -> SafeString | str:
    choices: Any = field.choices
    pairs: list[Any] = list(flatten_choices(choices))
    labels = {str(key): name for key, name in pairs}
    return _listed(labels.get(str(each), each) for each in values if each not in (None, "") or "" in labels)


def _listed(labels: Iterable[Any]) -> SafeString:
    return format_html_join(_(", "), "{}", ((each,) for each in labels))
