"""The forms of rules, keywords and replies, which are also checked together."""

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
)

from accounts.official.models import OfficialAccount
from accounts.staff.pages import AccountForm
from wechat.console import codes, edit_conflicts
from wechat.console.codes import Suggesting
from wechat.console.read_only import read_as
from wechat.contents.checks import check_content, check_together, check_variables
from wechat.contents.form import AnswerForm
from wechat.contents.text_editor import TextEditor, read_in_words
from wechat.contents.variables import VARIABLES
from wechat.replies.handovers import HANDOVERS
from wechat.replies.models import OWN_FIELDS, Keyword, Reply, Rule
from wechat.replies.specs import Trigger
from wechat.replies.validation import check_handover
from wechat.sdk.content import Text

SHORTEST_SECRET = 16


class RuleForm(AccountForm):
    """A form for a rule; it offers the channels and buttons of the account ``account_id``."""

    account_id: int | None = None
    scene = forms.ChoiceField(label=gettext_lazy("channel"), required=False, widget=UnfoldAdminSelectWidget)
    event_key = forms.CharField(
        label=gettext_lazy("event key"),
        required=False,
        max_length=128,
        help_text=gettext_lazy("Of this menu button only; empty: of any."),
        widget=Suggesting,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("days of the week"),
        choices=Rule.Weekday.choices,
        coerce=int,
        required=False,
        help_text=gettext_lazy("None chosen: every day."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    new_secret = forms.CharField(
        label=gettext_lazy("signing secret"),
        required=False,
        min_length=SHORTEST_SECRET,
        max_length=200,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )

    class Meta:
        model = Rule
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scene" in self.fields:
            self._offer_codes()
        for name, trigger in OWN_FIELDS.items():
            if name in self.fields:
                shown = {"data-shown-by": "trigger", "data-shown-for": trigger.value}
                self.fields[name].widget.attrs |= shown
        if "away_text" in self.fields:
            self._write_away_text()
        self._show_secret_state()

    def _show_secret_state(self) -> None:
        """Says whether a secret is stored, and of use, to those who may replace it and those who may not."""
        help_text = _("At least 16 characters; your system checks our signature with it.")
        state = _("Not set.")
        if self.instance.is_undecryptable("forward_secret"):
            help_text = state = _("It cannot be opened with FIELD_ENCRYPTION_KEYS as they are.")
        elif self.instance.forward_secret:
            help_text, state = _("A secret is stored. Type a new one to replace it."), _("Set.")
        edit_conflicts.compare_stored(self.fields["new_secret"], vars(self.instance).get("forward_secret"))
        self.fields["new_secret"].help_text = help_text
        read_as(self.fields["new_secret"], lambda: state)

    def _write_away_text(self) -> None:
        editor = TextEditor(
            {"rows": 4, "data-shown-by": "hands_to", "data-shown-for": " ".join(HANDOVERS.names())}
        )
        editor.variables = VARIABLES.by_name()
        editor.for_account(self.instance.account_id or self.account_id)
        self.fields["away_text"].widget = editor
        read_in_words(self, "away_text")
        if not self.instance.hands_to:
            offered = next((str(each.outside) for each in HANDOVERS), "")
            self.initial["away_text"] = offered

    def clean_away_text(self) -> str:
        text: str = self.cleaned_data["away_text"].replace("\r\n", "\n")
        if not self.cleaned_data.get("hands_to") or not text.strip():
            return ""
        check_variables(text, VARIABLES.by_name())
        account = OfficialAccount.objects.filter(pk=self.instance.account_id or self.account_id or 0).first()
        try:
            check_content(Text(text), account.name if account else "")
        except ValidationError as error:
            raise ValidationError(error.messages) from None
        return text

    def _offer_codes(self) -> None:
        account_id = self.instance.account_id or self.account_id
        channels = codes.scenes.offered(account_id, keep=self.instance.scene)
        cast(forms.ChoiceField, self.fields["scene"]).choices = [("", _("any channel")), *channels]
        cast(Suggesting, self.fields["event_key"].widget).offered = codes.menu_keys.offered(account_id)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        new_secret = cleaned.get("new_secret", "")
        if new_secret:
            self.instance.forward_secret = new_secret
        if (
            cleaned.get("forward_url")
            and not self.instance.has_secret("forward_secret")
            and "new_secret" not in self.errors
        ):
            sentence = _("Type a signing secret, so that your system can trust what it is sent.")
            self.add_error("new_secret", sentence)
        return cleaned


class KeywordFormSet(BaseInlineFormSet[Keyword, Rule, "forms.ModelForm[Keyword]"]):
    def clean(self) -> None:
        super().clean()
        rule = self.instance
        if any(self.errors) or not rule.enabled or rule.trigger != Trigger.KEYWORD:
            return
        kept = [form.cleaned_data for form in self.forms if not form.cleaned_data.get("DELETE")]
        if not any(data.get("text") for data in kept):
            raise ValidationError(
                _("A keyword rule needs a keyword: add one, or choose what else to answer to.")
            )


class ReplyForm(AnswerForm):
    class Meta:
        model = Reply
        fields = ("position",)


class ReplyFormSet(BaseInlineFormSet[Reply, Rule, "forms.ModelForm[Reply]"]):
    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = self._in_order()
        if not self.instance.enabled:
            return
        if not kept and not self.instance.forward_url:
            raise ValidationError(_("This rule says nothing: add a reply, or an address to forward to."))
        contents = [form.content for form in kept]
        check_together(contents, one_at_random=self.instance.strategy == Rule.Strategy.RANDOM)
        check_handover(self.instance.hands_to, contents)

    def _in_order(self) -> list[ReplyForm]:
        """Returns the forms of the replies that are not deleted, in order, the new ones last."""
        forms = cast(list[ReplyForm], self.forms)
        kept = [form for form in forms if not form.cleaned_data.get("DELETE")]
        old = sorted((form for form in kept if form.instance.pk), key=lambda form: form.instance.position)
        new = [form for form in kept if not form.instance.pk and form.has_changed()]
        first_free = old[-1].instance.position + 1 if old else 0
        for position, form in enumerate(new, start=first_free):
            form.instance.position = position
        return [*old, *new]
