"""The conditions on the channel that a follower came by, for segments."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.followers.comparisons import ONE_OF
from accounts.followers.segments import condition
from accounts.official.models import OfficialAccount
from wechat.channels.models import Attribution, Channel


def _channels(account: OfficialAccount, compare: str) -> forms.Field:
    return forms.ModelChoiceField(Channel.objects.filter(account=account).order_by("name"), empty_label=None)


@condition("channels.first", _("first came by the channel"), ONE_OF, _channels)
def first_by(account: OfficialAccount, compare: str, value: Channel) -> Q:
    return _by(compare, first_channel=value)


@condition("channels.last", _("last came by the channel"), ONE_OF, _channels)
def last_by(account: OfficialAccount, compare: str, value: Channel) -> Q:
    return _by(compare, last_channel=value)


def _by(compare: str, **channel: Any) -> Q:
    known = Attribution.objects.filter(account=OuterRef("account"), openid=OuterRef("openid"), **channel)
    return Q(Exists(known)) if compare == "is" else ~Q(Exists(known))
