"""The forms of a sequence's steps, by the type of the step."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _

from accounts.followers.models import Tag
from accounts.followers.segment_form import ConditionsField
from wechat.campaigns.models import Sequence, SequenceStep
from wechat.console.edit_conflicts import EditForm
from wechat.contents.form import ContentForm
from wechat.contents.models import Kind
from wechat.pushes.models import Template

Type = SequenceStep.Type

LONGEST_DAYS = 365
TIMES = ("wait", "unit", "at_time", "day")
WIDGETS = {"at_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}


class TimedForm(EditForm, forms.ModelForm[Any]):
    """A form with the fields that all steps have: when the step is done."""

    def edited_row(self) -> Sequence:
        sequence: Sequence = self.instance.sequence
        return sequence

    def clean_wait(self) -> int:
        return int(self.cleaned_data.get("wait") or 0)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("wait") or 0) * (cleaned.get("unit") or 1) > LONGEST_DAYS * SequenceStep.Unit.DAYS:
            self.add_error("wait", _("A step waits for a year at most."))
        return cleaned


class MessageForm(TimedForm, ContentForm):
    class Meta:
        model = SequenceStep
        fields = (*TIMES, "template")
        widgets = WIDGETS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        # A transfer only answers a follower's message, which a sequence does not.
        fields["kind"].choices = [each for each in Kind.choices if each[0] != Kind.TRANSFER]
        del fields["kf_account"]
        fields["template"].queryset = Template.objects.filter(account=self.account_id, missing_since=None)
        fields["template"].empty_label = _("None: it is left out then")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "template" in self.changed_data:
            self.instance.values = {}
            self.instance.link = self.instance.appid = self.instance.pagepath = ""
        return cleaned


class WaitForm(TimedForm):
    """A form for steps that have only a time."""

    class Meta:
        model = SequenceStep
        fields = TIMES
        widgets = WIDGETS

    def __init__(self, *args: Any, account_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account_id = account_id


class BranchForm(WaitForm):
    """A form for a branch; its conditions are forms beside it: ``accounts.followers.segment_form``."""

    conditions = ConditionsField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(ConditionsField, self.fields["conditions"]).show(self, self.instance.sequence.account)

    class Meta(WaitForm.Meta):
        fields = (*TIMES, "match")  # type: ignore[assignment]  # more of them


class TagForm(WaitForm):
    class Meta(WaitForm.Meta):
        fields = (*TIMES, "tag")  # type: ignore[assignment]  # more of them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tag: Any = self.fields["tag"]
        tag.required = True
        tag.queryset = Tag.objects.filter(account=self.account_id).exclude(state=Tag.State.DELETING)


FORMS: dict[str, type[TimedForm]] = {
    Type.MESSAGE: MessageForm,
    Type.BRANCH: BranchForm,
    Type.TAG: TagForm,
    Type.UNTAG: TagForm,
    Type.WAIT: WaitForm,
    Type.END: WaitForm,
}


def form_of(step: SequenceStep, data: Any = None) -> TimedForm:
    """Returns the form of a step, new or existing."""
    made: Any = FORMS[step.type]
    account_id = step.sequence.account_id
    form: TimedForm = made(data, instance=step, account_id=account_id)
    return form
