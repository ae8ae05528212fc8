"""The forms for the values of a template, made from the template itself."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers.person_picker import PersonField
from accounts.staff.picking import LinkInput
from wechat.console import codes
from wechat.console.codes import Suggesting
from wechat.console.edit_conflicts import EditForm
from wechat.console.page_paths import PagePathField
from wechat.contents.checks import check_variables
from wechat.contents.variables import Variable
from wechat.kernel.placeholders import names_in
from wechat.pushes.models import Template
from wechat.pushes.values import LISTED, TemplateField
from wechat.sdk.template_messages import TemplateMessage

PREFIX = "value-"


class FillForm(forms.Form):
    """A form with an input for each field of the template, and for the link.

    Each value is checked by the platform's rule for the field. With ``variables`` the values and links may
    have placeholders; such a value is not checked by the rule, because it differs for each follower.
    """

    url = forms.URLField(
        label=gettext_lazy("Link"), required=False, max_length=500, assume_scheme="https", widget=LinkInput,
        help_text=gettext_lazy("What a tap opens. Empty: nothing."),
    )  # fmt: skip
    appid = forms.RegexField(
        r"^wx[0-9a-f]{16}$", label=gettext_lazy("Mini program"), required=False, widget=Suggesting,
        help_text=gettext_lazy("Opens instead of the link; it must be linked to the account."),
    )  # fmt: skip
    pagepath = PagePathField(label=gettext_lazy("Page of the mini program"), required=False, max_length=300)

    def __init__(
        self,
        template: Template,
        *args: Any,
        variables: Mapping[str, Variable] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.template, self.variables = template, variables
        for field in template.fields:
            self.fields[PREFIX + field.name] = self._input(field, template.defaults.get(field.name, ""))
        self.order_fields([PREFIX + field.name for field in template.fields])
        cast(LinkInput, self.fields["url"].widget).for_account(template.account_id)
        cast(Suggesting, self.fields["appid"].widget).offered = codes.mini_programs.offered(
            template.account_id
        )
        cast(PagePathField, self.fields["pagepath"]).for_account(template.account_id)
        if template.kind == Template.Kind.SUBSCRIBE:
            del self.fields["url"], self.fields["appid"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("pagepath") and "appid" in self.fields and not cleaned.get("appid"):
            self.add_error("appid", ValidationError(_("Name the mini program whose page this is.")))
        if self.variables is not None:
            self._check_variables(cleaned, self.variables)
        return cleaned

    def _check_variables(self, cleaned: Mapping[str, Any], variables: Mapping[str, Variable]) -> None:
        for name, value in list(cleaned.items()):
            try:
                check_variables(value, variables)
            except ValidationError as error:
                self.add_error(name, error)

    def _input(self, field: TemplateField, usual: str) -> forms.Field:
        common: dict[str, Any] = {"label": field.label or field.name, "help_text": field.hint}
        shown = {"data-preview": field.name, "autocomplete": "off"}
        choices = [(each, each) for each in field.choices] if field.type in LISTED else []
        if choices and self.variables is None:
            first = usual or field.choices[0]
            return forms.ChoiceField(choices=choices, initial=first, widget=forms.Select(shown), **common)
        suggesting = Suggesting(shown)
        suggesting.offered = choices
        widget = suggesting if choices else forms.TextInput(shown)
        check = partial(self._check, field)
        return forms.CharField(initial=usual, validators=[check], widget=widget, max_length=200, **common)

    def _check(self, field: TemplateField, value: str) -> None:
        if self.variables is None or not names_in(value):
            field.check(value)

    @property
    def message(self) -> TemplateMessage:
        """Returns the filled-in message of a valid form."""
        links = {name: self.cleaned_data.get(name, "") for name in ("url", "appid", "pagepath")}
        values = {field.name: self.cleaned_data[PREFIX + field.name] for field in self.template.fields}
        return TemplateMessage(template_id=self.template.platform_id, values=values, **links)

    @property
    def shown(self) -> list[tuple[TemplateField, str]]:
        """Returns the fields with their current values, for the preview."""
        return [(field, str(self[PREFIX + field.name].value() or "")) for field in self.template.fields]


class TemplateTestForm(FillForm):
    """A form that fills in a template for a test message to one follower."""

    follower = PersonField(label=gettext_lazy("Send to"))

    def __init__(self, template: Template, *args: Any, **kwargs: Any) -> None:
        super().__init__(template, *args, **kwargs)
        self.order_fields(["follower", *self.fields])
        cast(PersonField, self.fields["follower"]).for_account(template.account_id)


class UsualValuesForm(EditForm, forms.Form):
    """A form for the usual values of a template, which are checked only when a message is sent."""

    def __init__(self, template: Template, *args: Any) -> None:
        super().__init__(*args)
        self.template = template
        for field in template.fields:
            self.fields[PREFIX + field.name] = forms.CharField(
                label=field.label or field.name,
                required=False,
                initial=template.defaults.get(field.name, ""),
            )

    def edited_row(self) -> Template:
        return self.template

    @property
    def values(self) -> dict[str, str]:
        """Returns the values that are not empty; a field without one is asked for each time."""
        typed = {field.name: self.cleaned_data[PREFIX + field.name] for field in self.template.fields}
        return {name: value for name, value in typed.items() if value}
