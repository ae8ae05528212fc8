"""What staff fill in about a sequence and its steps."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.staff.pages import AccountForm
from wechat.campaigns.models import Sequence, SequenceStep
from wechat.campaigns.sequences import triggers
from wechat.console.pages import FilterForm
from wechat.contents.form import ContentForm
from wechat.contents.models import Kind
from wechat.pushes.models import Template

LONGEST_DAYS = 365


class SequenceForm(AccountForm):
    class Meta:
        model = Sequence
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "trigger" in self.fields:
            former = self.fields["trigger"]
            self.fields["trigger"] = forms.ChoiceField(
                label=former.label,
                choices=[(name, label) for name, label in triggers.known().items()],
                widget=UnfoldAdminSelectWidget,
            )
        if "channel" in self.fields:
            self.fields["channel"].widget.attrs |= {"data-shown-by": "trigger", "data-shown-for": "scan"}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("trigger") != "scan" and "channel" in cleaned:
            cleaned["channel"] = None
        return cleaned


class StepForm(ContentForm):
    class Meta:
        model = SequenceStep
        fields = ("position", "wait", "unit", "template")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        # A transfer answers a message; a sequence speaks first.
        kind.choices = [each for each in Kind.choices if each[0] != Kind.TRANSFER]
        if "template" in self.fields:
            template: Any = self.fields["template"]
            template.queryset = Template.objects.filter(account=self.account_id, missing_since=None)
            template.empty_label = _("None: it is left out then")

    def clean_wait(self) -> int:
        return int(self.cleaned_data.get("wait") or 0)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if (cleaned.get("wait") or 0) * (cleaned.get("unit") or 1) > LONGEST_DAYS * SequenceStep.Unit.DAYS:
            self.add_error("wait", _("A message waits for a year at most."))
        if "template" in self.changed_data:
            self.instance.values, self.instance.link = {}, ""
        return cleaned


class StepFormSet(BaseInlineFormSet[SequenceStep, Sequence, "forms.ModelForm[SequenceStep]"]):
    def clean(self) -> None:
        """New steps come last, whatever the page says about their place."""
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.instance.pk or form.has_changed()]
        kept = [form for form in kept if not form.cleaned_data.get("DELETE")]
        if self.instance.enabled and not kept:
            raise ValidationError(_("Write at least one message before you switch the sequence on."))
        last = max((form.instance.position for form in kept if form.instance.pk), default=-1)
        for number, form in enumerate((form for form in kept if not form.instance.pk), start=1):
            form.instance.position = last + number


class SequenceFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("name"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(name__icontains=self.cleaned_data["q"]) if self.cleaned_data["q"] else rows
