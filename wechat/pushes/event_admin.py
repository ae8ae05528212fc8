"""The pages of automatic messages: an event, a template, and a text for each of its fields."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.staff.pages import AccountForm, AccountScopedAdmin
from accounts.staff.picking import LinkInput
from accounts.staff.rights import Area
from wechat.console.history import HistoryMixin
from wechat.console.markup import badge
from wechat.contents.checks import no_variables
from wechat.kernel import placeholders
from wechat.pushes import event_templates
from wechat.pushes.fill_form import PREFIX
from wechat.pushes.models import EventTemplate, Template
from wechat.pushes.values import TemplateField


class EventForm(AccountForm):
    """A form for an automatic message.

    The event is chosen by name; the values are checked with the examples of the event filled in.
    """

    class Meta:
        model = EventTemplate
        fields = ("account", "event", "template", "url", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "event" in self.fields:
            choices = [(name, definition.label) for name, definition in event_templates.known().items()]
            self.fields["event"] = forms.ChoiceField(
                label=_("event"), choices=choices, widget=UnfoldAdminSelectWidget
            )
        if "url" in self.fields:
            self.fields["url"].widget = LinkInput()
            self.fields["url"].widget.for_account(self.instance.account_id)
        for field in self._template_fields():
            self.initial[PREFIX + field.name] = self.instance.values.get(field.name, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for field in self._template_fields():
            value = cleaned.get(PREFIX + field.name, "")
            try:
                field.check(placeholders.fill(value, self._examples()))
            except forms.ValidationError as error:
                self.add_error(PREFIX + field.name, error)
        for name in ("url", *(PREFIX + field.name for field in self._template_fields())):
            if sentence := no_variables(cleaned.get(name, ""), self._examples()):
                self.add_error(name, sentence)
        return cleaned

    def save(self, commit: bool = True) -> Any:
        typed = {field.name: self.cleaned_data[PREFIX + field.name] for field in self._template_fields()}
        if typed:
            self.instance.values = typed
        return super().save(commit)

    def _template_fields(self) -> list[TemplateField]:
        return self.instance.template.fields if self.instance.pk else []

    def _examples(self) -> dict[str, str]:
        definition = event_templates.known().get(self.instance.event)
        return {name: word.example for name, word in definition.words.items()} if definition else {}


class EventTemplateAdmin(HistoryMixin, AccountScopedAdmin):
    """The admin pages of automatic messages.

    An automatic message is added with an event and a template; its texts are filled in afterwards.
    """

    area = Area.SENDING
    empty_words = gettext_lazy("Choose an event, such as a paid order, and the template that goes out then.")
    form = EventForm
    list_display = ("when", "template", "on")
    list_before_template = "pushes/event_top.html"
    change_form_before_template = "pushes/event_words.html"

    def get_fields(self, request: HttpRequest, obj: EventTemplate | None = None) -> Any:
        if obj is None:
            return ["account", "event", "template"]
        named = [PREFIX + field.name for field in obj.template.fields]
        return ["account", "when", "template", *named, "url", "enabled"]

    def get_readonly_fields(self, request: HttpRequest, obj: EventTemplate | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else [*fixed, "when", "template"]

    def get_form(
        self, request: HttpRequest, obj: EventTemplate | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Returns a form with an input for each field of the message's template."""
        inputs = {PREFIX + field.name: _input(field) for field in obj.template.fields} if obj else {}
        kwargs["form"] = type("EventForm", (self.form,), inputs)
        kwargs["fields"] = ["account", "event", "template"] if obj is None else ["url", "enabled"]
        return super().get_form(request, obj, change, **kwargs)

    def version_words(self, row: EventTemplate, version: Any = None) -> dict[str, str]:
        """Returns the version in words, with the text for each field of the template by its label."""
        by_label = {**super().version_words(row, version)}
        values = (version or row).values
        del by_label[str(capfirst(EventTemplate._meta.get_field("values").verbose_name))]
        texts = {field.label or field.name: values.get(field.name, "") for field in row.template.fields}
        return {**by_label, **texts}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "template":
            kwargs["queryset"] = Template.objects.filter(missing_since=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        row = self.get_object(request, object_id) if object_id else None
        definition = event_templates.known().get(row.event) if row else None
        return super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), "definition": definition}
        )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Redirects to the page on which the values are filled in."""
        return redirect("admin:pushes_eventtemplate_change", obj.pk)

    @admin.display(description=gettext_lazy("event"))
    def when(self, automatic: EventTemplate) -> str:
        definition = event_templates.known().get(automatic.event)
        return str(definition.label) if definition else automatic.event

    @admin.display(description=gettext_lazy("state"))
    def on(self, automatic: EventTemplate) -> SafeString:
        if automatic.template.missing_since:
            return badge(_("the template is gone"), "bad")
        if not automatic.values:
            return badge(_("not filled in"), "warn")
        return badge(_("on"), "good") if automatic.enabled else badge(_("off"))


def _input(field: TemplateField) -> forms.Field:
    return forms.CharField(
        label=field.label or field.name,
        max_length=200,
        help_text=field.hint,
        widget=UnfoldAdminTextInputWidget,
    )
