"""The forms in which staff add a template from the platform's library."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FEWEST, MOST = 2, 5


class TemplateMessageForm(forms.Form):
    """A form for a template message: its number in the library, and its fields by name."""

    short_id = forms.RegexField(
        r"^\d{1,10}$",
        label=gettext_lazy("Number in the library (模板编号)"),
        error_messages={
            "invalid": gettext_lazy(
                "The number has digits only; the old TM… and OPENTM… can no longer be added."
            )
        },
    )
    keywords = forms.CharField(
        label=gettext_lazy("Fields, one a line, in the wanted order"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("By the names that the library shows, as 预约时间."),
    )

    def clean_keywords(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["keywords"].splitlines() if line.strip()]


class NoticeForm(forms.Form):
    """A form for a subscription notice: two to five of the fields that its library entry offers."""

    kids = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Fields"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    scene = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=15,
        help_text=gettext_lazy("At most 15 characters, as 课程预约; WeChat reviews it."),
    )

    def __init__(self, offered: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each["kid"], _("%(name)s, as %(example)s") % each) for each in offered]
        self.fields["kids"].choices = choices  # type: ignore[attr-defined]  # a choice field

    def clean_kids(self) -> list[int]:
        kids: list[int] = self.cleaned_data["kids"]
        if not FEWEST <= len(kids) <= MOST:
            raise ValidationError(_("Choose two to five fields."))
        return kids
