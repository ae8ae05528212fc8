"""The page of the rule tester: what would happen to a message or an event of a follower."""

from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers.person_picker import PersonField
from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page
from accounts.staff.rights import Area
from wechat.console import codes
from wechat.console.codes import Suggesting
from wechat.console.days import moment_field
from wechat.inbox import bubbles
from wechat.replies import describing, handovers, tester
from wechat.replies.models import Rule
from wechat.replies.page_frame import frame
from wechat.replies.specs import FollowerFacts, Reason
from wechat.replies.tester import Trial

STRANGER = "oTester"
MESSAGE_CHOICES = [
    ("text", gettext_lazy("Text")),
    ("event:subscribe", gettext_lazy("Follows the account")),
    ("event:scan", gettext_lazy("Scans a channel's QR code")),
    ("voice", gettext_lazy("Voice (recognised text)")),
    *((kind, label) for kind, label in Rule.MessageKind.choices if kind not in ("text", "voice")),
    *((f"event:{event}", label) for event, label in Rule.EventKind.choices),
    ("event:view", gettext_lazy("Menu: link opened")),
]


WITH_SCENE = ("event:subscribe", "event:scan")
WITH_KEY = [what for what, _label in MESSAGE_CHOICES if what.startswith("event:") and what not in WITH_SCENE]
WITH_TEXT = ("text", "voice")


class TesterForm(forms.Form):
    """A form for the message to test.

    Scenes are chosen by the channel's name and keys by the button's; only texts are typed.
    """

    what = forms.ChoiceField(label=gettext_lazy("What arrives"), choices=MESSAGE_CHOICES)
    value = forms.CharField(label=gettext_lazy("Text"), required=False, max_length=2000, strip=False)
    key = forms.CharField(label=gettext_lazy("event key"), required=False, max_length=2000, widget=Suggesting)
    scene = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    openid = PersonField(required=False, help_text=gettext_lazy("Nobody chosen: somebody new."))
    at = moment_field(gettext_lazy("When"), help_text=gettext_lazy("Empty: now."))

    def __init__(self, account: OfficialAccount, data: Any) -> None:
        super().__init__(data or None, initial={"what": "text"})
        cast(PersonField, self.fields["openid"]).for_account(account.pk)
        channels = codes.scenes.offered(account.pk, keep=(data or {}).get("scene", ""))
        cast(forms.ChoiceField, self.fields["scene"]).choices = [("", _("no channel")), *channels]
        cast(Suggesting, self.fields["key"].widget).offered = codes.menu_keys.offered(account.pk)
        for name, whats in (("scene", WITH_SCENE), ("key", WITH_KEY), ("value", WITH_TEXT)):
            self.fields[name].widget.attrs |= {"data-shown-by": "what", "data-shown-for": " ".join(whats)}


@account_page(Area.CONTENT)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = TesterForm(account, request.GET if "what" in request.GET else None)
    context = frame(request, _("Rule tester"), form=form)
    if form.is_valid():
        context |= _result(tried(account, form.cleaned_data))
    return TemplateResponse(request, "replies/tester.html", context)


def tried(account: OfficialAccount, asked: dict[str, Any]) -> Trial:
    """Returns the trial of the message in the form; raises no error for valid input."""
    at = asked["at"] or timezone.now()
    what = asked["what"]
    value = asked["scene"] if what in WITH_SCENE else asked["key"] if what in WITH_KEY else asked["value"]
    message = tester.compose(what, value, openid=asked["openid"] or STRANGER, at=at)
    followed_now = FollowerFacts(followed_at=at if what == "event:subscribe" else None)
    return tester.try_out(account, message, None if asked["openid"] else followed_now)


def _result(trial: Trial) -> dict[str, Any]:
    at = timezone.now()
    return {
        "trial": trial,
        "hands_to": dict(handovers.choices()).get(trial.hands_to) if trial.hands_to else "",
        "heard": bubbles.Bubble(at, ours=False, part=bubbles.of_message(trial.message)),
        "answers": [
            {
                "now": answer.now and bubbles.ours(answer.now),
                "later": [bubbles.ours(each) for each in answer.later],
            }
            for answer in trial.answers
        ],
        "shadowed": tester.shadowed(trial),
        "others": [
            (verdict.rule, describing.REASONS[verdict.reason])
            for verdict in trial.verdicts
            if verdict.reason not in (Reason.WON, Reason.SHADOWED, Reason.IN_SHADOW)
        ],
    }
