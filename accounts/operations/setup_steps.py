"""The steps of setting up an official account, and which of them are done: told by facts, so that any step
can be left and come back to."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official import abilities, call_refusals, doctor
from accounts.official.clients import try_credentials
from accounts.official.models import OfficialAccount
from accounts.operations import arrivals
from wechat.sdk.errors import ApiError, TransportError

ADDRESS_REFUSED = 40164
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# The last of 43 letters holds four bits; these are the ones whose other two are zero.
LAST_LETTERS = "AEIMQUYcgkosw048"


class SetupStep(StrEnum):
    """A step of the set-up; its value is part of the address of its page, too."""

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
    """A step as the list of steps shows it."""

    step: SetupStep
    number: int
    title: StrOrPromise
    is_done: bool
    is_current: bool


def entries(account: OfficialAccount | None, current: SetupStep) -> list[StepEntry]:
    """Returns all steps in their order, each with whether it is done and whether it is the current one."""
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
    """Returns the first step that is not done, to go on with."""
    done = _done(account)
    return next((step for step in SetupStep if not done[step]), SetupStep.IMPORTS)


def _done(account: OfficialAccount) -> dict[SetupStep, bool]:
    refused = {each.errcode for each in call_refusals.standing(account.appid)}
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
    """Returns whether something came from the platform, and nothing that came since was refused."""
    come = arrivals.of(account)
    return bool(come.verified_at or come.pushed_at) and not inbound_problems(account)


def inbound_problems(account: OfficialAccount) -> list[doctor.Finding]:
    """Returns what pushes show to be wrong, without what calls show."""
    calls = [str(each.sentence) for each in doctor.refused_calls(account)]
    return [each for each in doctor.problems(account) if str(each.sentence) not in calls]


def check_keys(account: OfficialAccount) -> list[doctor.Finding]:
    """Calls the platform with the account's keys and finds out what it may do; returns what is wrong."""
    if not account.readable_secret("appsecret"):
        return list(doctor.access_token(account))
    try:
        try_credentials(account)
        abilities.probe(account)
    except ApiError as error:
        return [doctor.refused(error.errcode, error.client_ip, error.rid)]
    except TransportError:
        return [doctor.unanswered()]
    return []


def new_token() -> str:
    """Returns a callback token that nobody can guess."""
    return secrets.token_hex(16)


def new_aes_key() -> str:
    """Returns an EncodingAESKey: 32 random bytes in the 43 letters and digits that the platform takes."""
    letters = (secrets.choice(LETTERS) for _place in range(42))
    return "".join(letters) + secrets.choice(LAST_LETTERS)
