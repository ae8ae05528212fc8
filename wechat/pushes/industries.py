"""The two industries of an account, to which its old templates belong.

Reference: WeChat reference 9.2.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.sdk.answers import part, text
from wechat.sdk.calls import templates as api

INDUSTRIES: Mapping[int, str | Promise] = {
    1: _("IT · Internet and e-commerce"),
    2: _("IT · Software and services"),
    3: _("IT · Hardware and equipment"),
    4: _("IT · Electronics"),
    5: _("IT · Telecommunications"),
    6: _("IT · Online games"),
    7: _("Finance · Banks"),
    8: _("Finance · Funds and trusts"),
    9: _("Finance · Insurance"),
    10: _("Catering · Catering"),
    11: _("Hotels and travel · Hotels"),
    12: _("Hotels and travel · Travel"),
    13: _("Transport and storage · Parcel delivery"),
    14: _("Transport and storage · Logistics"),
    15: _("Transport and storage · Storage"),
    16: _("Education · Training"),
    17: _("Education · Schools"),
    18: _("Public service · Research"),
    19: _("Public service · Traffic police"),
    20: _("Public service · Museums"),
    21: _("Public service · Non-profit bodies"),
    22: _("Health · Medicine"),
    23: _("Health · Beauty care"),
    24: _("Health · Health care and hygiene"),
    25: _("Vehicles · Cars"),
    26: _("Vehicles · Motorcycles"),
    27: _("Vehicles · Trains"),
    28: _("Vehicles · Planes"),
    29: _("Real estate · Building"),
    30: _("Real estate · Property management"),
    31: _("Consumer goods · Consumer goods"),
    32: _("Business services · Law"),
    33: _("Business services · Exhibitions"),
    34: _("Business services · Agencies"),
    35: _("Business services · Certification"),
    36: _("Business services · Audit"),
    37: _("Culture and entertainment · Media"),
    38: _("Culture and entertainment · Sports"),
    39: _("Culture and entertainment · Entertainment"),
    40: _("Printing · Printing"),
    41: _("Other · Other"),
}


def current(account: OfficialAccount) -> list[str]:
    """Returns the account's industries as the platform names them. Raises ``WeChatError``."""
    payload = api.industry(client_for(account))
    chosen = [_joined(part(payload, name)) for name in ("primary_industry", "secondary_industry")]
    return [each for each in chosen if each]


def choose(account: OfficialAccount, first: int, second: int) -> None:
    """Sets the account's two industries, which the platform allows once a month. Raises ``WeChatError``.

    The platform deletes the templates of an industry that the account leaves.
    """
    api.set_industry(client_for(account), first, second)


def _joined(industry: Mapping[str, Any]) -> str:
    names = [text(industry, name) for name in ("first_class", "second_class")]
    return " · ".join(name for name in names if name)
