"""The filters above the list of followers."""

import datetime
from typing import Any, cast

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers import searching
from accounts.followers.activity import scene_number
from accounts.followers.models import Follower, Segment, Tag
from accounts.followers.segments import UnknownCondition
from accounts.official.models import OfficialAccount
from wechat.console import codes
from wechat.console.big_tables import FilterForm
from wechat.console.days import day_field
from wechat.sdk.beijing import midnight

STATES = {
    "yes": Q(subscribed=True),
    "no": Q(subscribed=False),
    "black": Q(blacklisted=True),
}
# Numbers of days; with a minus, last seen longer ago than that, or never.
SEEN = [
    ("", _("Any time")),
    ("2", _("within 48 hours")),
    ("7", _("within 7 days")),
    ("30", _("within 30 days")),
    ("-30", _("not for 30 days")),
    ("-90", _("not for 90 days")),
]


class FollowerFilter(FilterForm):
    """The filters of the list of followers; each uses one of the table's indexes."""

    q = forms.CharField(
        label=_("Name, handle or remark"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    follows = forms.ChoiceField(
        label=_("Following"),
        required=False,
        choices=[("", _("All")), ("yes", _("follows")), ("no", _("unfollowed")), ("black", _("blacklisted"))],
    )
    tag = forms.ModelChoiceField(Tag.objects.none(), label=_("tag"), required=False, empty_label=_("All"))
    segment = forms.ModelChoiceField(
        Segment.objects.none(), label=_("segment"), required=False, empty_label=_("All")
    )
    channel = forms.ChoiceField(label=_("channel"), required=False)
    seen = forms.ChoiceField(label=_("last seen"), required=False, choices=SEEN)
    # For followers who unfollowed, the day on which they left.
    since = day_field(_("followed or left from"))
    until = day_field(_("followed or left until"))

    def __init__(
        self, account: OfficialAccount | None, *args: Any, hidden: bool | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.account_id, self.hidden = account.pk if account else 0, hidden
        channels = codes.scenes.offered(account.pk if account else None, keep=self.data.get("channel", ""))
        cast(forms.ChoiceField, self.fields["channel"]).choices = [("", _("All")), *channels]
        for name, model in (("tag", Tag), ("segment", Segment)):
            field: Any = self.fields[name]
            field.queryset = model._default_manager.filter(account=account)

    def narrow(self, rows: QuerySet[Follower]) -> QuerySet[Follower]:
        chosen = self.cleaned_data
        if wanted := chosen["q"].strip():
            rows = rows.filter(openid__in=searching.openids(self.account_id, wanted, hidden=self.hidden))
        if chosen["follows"]:
            rows = rows.filter(STATES[chosen["follows"]])
        if chosen["tag"]:
            rows = rows.filter(tags=chosen["tag"])
        if chosen["channel"]:
            rows = rows.filter(_came_through(chosen["channel"]))
        if chosen["seen"]:
            rows = rows.filter(_seen(int(chosen["seen"])))
        return self._in_segment(self._between(rows))

    def _between(self, rows: QuerySet[Follower]) -> QuerySet[Follower]:
        chosen = self.cleaned_data
        moment = "unsubscribed_at" if chosen["follows"] == "no" else "subscribed_at"
        if chosen["since"]:
            rows = rows.filter(**{f"{moment}__gte": midnight(chosen["since"])})
        if chosen["until"]:
            rows = rows.filter(**{f"{moment}__lt": midnight(chosen["until"] + datetime.timedelta(days=1))})
        return rows

    def _in_segment(self, rows: QuerySet[Follower]) -> QuerySet[Follower]:
        segment: Segment | None = self.cleaned_data["segment"]
        if segment is None:
            return rows
        try:
            return rows.filter(segment.condition())
        except UnknownCondition as error:
            self.notices.append(str(error))
            return rows.none()


def _came_through(scene: str) -> Q:
    by_text, number = Q(qr_scene_str=scene), scene_number(scene)
    return by_text if number is None else by_text | Q(qr_scene=number)


def _seen(days: int) -> Q:
    back = timezone.now() - datetime.timedelta(days=abs(days))
    return Q(last_seen_at__gte=back) if days > 0 else Q(last_seen_at__lt=back) | Q(last_seen_at__isnull=True)
