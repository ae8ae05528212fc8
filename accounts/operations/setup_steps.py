"""The steps of the guided set-up, and which of them are done.

That is found out from facts, so that any step can be left and returned to.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official import abilities, call_refusals, checkup, doctor, verification
from accounts.official.clients import try_credentials
from accounts.official.models import OfficialAccount
from accounts.operations import arrivals
from wechat.sdk.errors import ApiError, TransportError

ADDRESS_REFUSED = 40164
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# The last of 43 letters has only four bits; these are the letters whose other two bits are zero.
LAST_LETTERS = "AEIMQUYcgkosw048"


class SetupStep(StrEnum):
    """A step of the set-up; its value is also part of the page's address."""

    NAME = "name"
    KEYS = "keys"
    SERVER = "server"
    ADDRESSES = "addresses"
    ABILITIES = "abilities"
    IMPORTS = "imports"


TITLES: dict[SetupStep, StrOrPromise] = {
    SetupStep.NAME: _("Kind and name"),
    SetupStep.KEYS: _("AppID and AppSecret"),
    SetupStep.SERVER: _("Server configuration"),
    SetupStep.ADDRESSES: _("IP allow-list"),
    SetupStep.ABILITIES: _("Abilities"),
    SetupStep.IMPORTS: _("What is on WeChat already"),
}


@dataclass(frozen=True, slots=True)
class StepEntry:
    """A step in the list of steps."""

    step: SetupStep
    number: int
    title: StrOrPromise
    is_done: bool
    is_current: bool


def entries(account: OfficialAccount | None, current: SetupStep) -> list[StepEntry]:
    """Returns all steps in order, with whether each is done and whether it is the current one."""
    done = _done(account) if account else {}
    return [
        StepEntry(step, number, TITLES[step], done.get(step, False), step == current)
        for number, step in enumerate(SetupStep, 1)
    ]


def following(step: SetupStep) -> SetupStep | None:
    """Returns the next step, or ``None`` after the last."""
    steps = list(SetupStep)
    place = steps.index(step) + 1
    return steps[place] if place < len(steps) else None


def first_open(account: OfficialAccount) -> SetupStep:
    """Returns the first step that is not done."""
    done = _done(account)
    return next((step for step in SetupStep if not done[step]), SetupStep.IMPORTS)


def _done(account: OfficialAccount) -> dict[SetupStep, bool]:
    refused = {each.errcode for each in call_refusals.current(account.appid)}
    is_called = bool(account.readable_secret("appsecret") and account.abilities)
    return {
        SetupStep.NAME: True,
        SetupStep.KEYS: is_called and refused <= {ADDRESS_REFUSED},
        SetupStep.SERVER: is_connected(account),
        SetupStep.ADDRESSES: is_called and ADDRESS_REFUSED not in refused,
        SetupStep.ABILITIES: bool(account.abilities),
        SetupStep.IMPORTS: False,
    }


def is_connected(account: OfficialAccount) -> bool:
    """Returns whether the platform has sent something, and nothing was refused since."""
    come = arrivals.of(account)
    return bool(come.verified_at or come.pushed_at) and not inbound_problems(account)


def inbound_problems(account: OfficialAccount) -> list[doctor.Finding]:
    """Returns the problems that callbacks show, without those of calls and of the account's verification."""
    others = [
        str(each.sentence) for each in (*checkup.refused_calls(account), *verification.unfinished(account))
    ]
    return [each for each in doctor.problems(account) if str(each.sentence) not in others]


def check_keys(account: OfficialAccount) -> list[doctor.Finding]:
    """Calls the platform with the account's keys and probes its abilities; returns the faults found."""
    if not account.readable_secret("appsecret"):
        return list(checkup.access_token(account))
    try:
        try_credentials(account)
        abilities.probe(account)
    except ApiError as error:
        return [checkup.refused(error.errcode, error.client_ip, error.rid)]
    except TransportError as error:
        return [checkup.unanswered(error)]
    return []


def new_token() -> str:
    """Returns a random callback token."""
    return secrets.token_hex(16)


def new_aes_key() -> str:
    """Returns an EncodingAESKey: 32 random bytes in the 43 letters and digits that the platform accepts."""
    letters = (secrets.choice(LETTERS) for _place in range(42))
    return "".join(letters) + secrets.choice(LAST_LETTERS)
