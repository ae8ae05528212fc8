"""The abilities of an account, found out with calls to the platform rather than concluded from its kind.

Each probe is a real call without effect: its body is refused after the right to call was checked.

Reference: WeChat reference 0.4 and 17.2 (order of checks); 48001 means no right.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.sdk.errors import ApiError, Cause

NO_RIGHT = frozenset({40200, 48001, 48004, 50002, 50007})


class Ability(NamedTuple):
    """A right of an account; ``of_mini_programs``: mini programs can have it as well."""

    label: str | Promise
    path: str
    harmless_body: Mapping[str, Any]
    of_mini_programs: bool = False


ABILITIES = {
    "service_messages": Ability(
        _("Customer-service messages"),
        "/cgi-bin/message/custom/typing",
        {"touser": "", "command": "CancelTyping"},
        of_mini_programs=True,
    ),
    "qr_codes": Ability(_("QR codes with parameters"), "/cgi-bin/qrcode/create", {"action_name": ""}),
    "template_messages": Ability(_("Template messages"), "/cgi-bin/message/template/send", {"touser": ""}),
    "followers": Ability(_("Follower profiles"), "/cgi-bin/user/info/batchget", {"user_list": []}),
}


def possible(account: OfficialAccount) -> Mapping[str, Ability]:
    """Returns the abilities that an account of this kind can have, by name."""
    is_mini_program = account.kind == OfficialAccount.Kind.MINIPROGRAM
    return {name: each for name, each in ABILITIES.items() if each.of_mini_programs or not is_mini_program}


def probe(account: OfficialAccount) -> dict[str, bool]:
    """Probes every possible ability and saves the answers on the account; returns them by the ability's name.

    Raises ``TransportError``, or ``ApiError`` when not even a token is to be had, or the platform is busy.
    """
    client = client_for(account)
    client.get("/cgi-bin/get_api_domain_ip")
    able = {}
    for name, ability in possible(account).items():
        try:
            client.post(ability.path, dict(ability.harmless_body))
            able[name] = True
        except ApiError as error:
            if error.cause == Cause.AWAY:
                raise
            able[name] = error.errcode not in NO_RIGHT
    account.abilities = {
        name: {"able": yes, "at": timezone.now().isoformat(timespec="seconds")} for name, yes in able.items()
    }
    account.save(update_fields=["abilities"])
    return able
