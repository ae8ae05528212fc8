"""The forms of a campaign: its settings, its variants, its test message."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers.models import Segment, Tag
from accounts.followers.person_picker import PersonField
from accounts.official.models import OfficialAccount
from wechat.campaigns import audience_file
from wechat.campaigns.models import Campaign, Sequence, Variant
from wechat.campaigns.wording import variables_of
from wechat.console.days import MomentField
from wechat.console.edit_conflicts import EditForm
from wechat.contents.form import ContentForm
from wechat.contents.models import Kind
from wechat.contents.variables import Variable
from wechat.pushes.fill_form import PREFIX, FillForm
from wechat.pushes.models import Template

LARGEST = 50 * 1024 * 1024
Way, Audience = Campaign.Way, Campaign.Audience


def _shown(by: str, *values: str) -> dict[str, str]:
    return {"data-shown-by": by, "data-shown-for": " ".join(values)}


class CampaignForm(EditForm, forms.ModelForm[Campaign]):
    table = forms.FileField(
        label=gettext_lazy("CSV or Excel file"),
        required=False,
        help_text=gettext_lazy(
            "The first row names the columns: OpenID, and one for each word that the texts put in as {name}. "
            "Rows that name nobody, or somebody for the second time, are left out and counted."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx", **_shown("audience", Audience.FILE)}),
    )

    class Meta:
        model = Campaign
        fields = (
            "name", "way", "template", "audience", "segment", "tag", "table", "starts_at", "quiet_from",
            "quiet_until", "cap_days", "per_second", "held_out", "tracked",
        )  # fmt: skip
        field_classes = {"starts_at": MomentField}
        widgets = {
            "starts_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, account: OfficialAccount, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = self.instance.account = account
        fields: Any = self.fields
        fields["template"].queryset = Template.objects.filter(account=account, missing_since=None)
        if not self.instance.pk and not fields["template"].queryset.exists():
            # The other ways could not even be saved.
            self.initial["way"] = Way.SERVICE
        fields["segment"].queryset = Segment.objects.filter(account=account)
        fields["tag"].queryset = Tag.objects.filter(account=account).exclude(state=Tag.State.DELETING)
        fields["template"].widget.attrs |= _shown("way", Way.EITHER, Way.TEMPLATE)
        for name in ("segment", "tag"):
            fields[name].widget.attrs |= _shown("audience", name)
        for name in ("template", "segment", "tag"):
            fields[name].empty_label = _("Please choose")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("way") == Way.SERVICE:
            cleaned["template"] = None
        elif not cleaned.get("template") and "template" not in self.errors:
            self.add_error("template", _("Choose the template, or customer-service messages only."))
        for name in ("segment", "tag"):
            if cleaned.get("audience") != name:
                cleaned[name] = None
            elif not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Choose whom you mean."))
        if cleaned.get("audience") == Audience.FILE and not self._has_table() and "table" not in self.errors:
            self.add_error("table", _("Choose the file with the OpenIDs."))
        if cleaned.get("held_out") is None:
            cleaned["held_out"] = 0
        return cleaned

    def clean_table(self) -> "UploadedFile[Any] | None":
        file: UploadedFile[Any] | None = self.cleaned_data["table"]
        if file and (file.size or 0) > LARGEST:
            raise ValidationError(_("The file is larger than 50 MB; split it."))
        return file

    def load_table(self) -> bool:
        """Loads the rows of the file, if there is one; deletes former rows if the audience is not a table.

        Returns ``False``, and adds an error to the form, if the file is unusable.
        """
        file = self.cleaned_data.get("table")
        if self.cleaned_data["audience"] != Audience.FILE:
            audience_file.drop(self.instance)
        elif file:
            try:
                audience_file.load(self.instance, file)
            except audience_file.BadTable as error:
                self.add_error("table", str(error))
                return False
        return True

    def _has_table(self) -> bool:
        was_read = self.instance.pk is not None and self.instance.rows.exists()
        return bool(self.cleaned_data.get("table")) or was_read


class ServiceForm(ContentForm):
    """A form for the customer-service message of a variant."""

    class Meta:
        model = Variant
        fields = ()

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        self.campaign = campaign
        super().__init__(*args, account_id=campaign.account_id, **kwargs)
        fields: Any = self.fields
        fields["text"].widget.preview = reverse("admin:campaigns_text_preview", args=[campaign.pk])
        fields["kind"].choices = [each for each in Kind.choices if each[0] != Kind.TRANSFER]
        fields["kf_account"].widget = forms.HiddenInput()

    def variables(self) -> Mapping[str, Variable]:
        return variables_of(self.campaign)

    def edited_row(self) -> Campaign:
        return self.campaign


class ValuesForm(EditForm, FillForm):
    """A form for the template's values that a campaign's variant or a sequence's step keeps."""

    def __init__(self, row: Campaign | Sequence, template: Template, *args: Any, **kwargs: Any) -> None:
        super().__init__(template, *args, **kwargs)
        self.row = row

    def edited_row(self) -> Campaign | Sequence:
        return self.row


class CampaignTestForm(forms.Form):
    """A form for the follower who gets a campaign as a test."""

    follower = PersonField(
        label=gettext_lazy("Send to"), required=False, help_text=gettext_lazy("Nobody: the test group.")
    )

    def __init__(self, account: OfficialAccount, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(PersonField, self.fields["follower"]).for_account(account.pk)


def of_variant(variant: Variant) -> Mapping[str, Any]:
    """Returns the initial values of the template form of a variant."""
    values = {PREFIX + name: value for name, value in (variant.values or {}).items()}
    return {**values, "url": variant.url, "appid": variant.appid, "pagepath": variant.pagepath}
