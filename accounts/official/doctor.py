"""The set-up check of the installation and of an account: findings as plain sentences with the next step.

The ``checkup`` module of each app registers its examinations with ``@examines``, ``@observes`` or
``@examines_installation``.
"""

import datetime
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum

import requests
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.console.phrases import listed
from wechat.kernel.registry import Registry
from wechat.sdk import deadlines
from wechat.sdk.connections import bounded_session

MOST_SKEW_SECONDS = 60
OWN_CALL_SECONDS = 5.0


class Level(StrEnum):
    FINE = "fine"
    WARNING = "warning"
    FAULT = "fault"


WORST_FIRST = (Level.FAULT, Level.WARNING, Level.FINE)


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    sentence: str | Promise
    next_step: str | Promise = ""


Examination = Callable[[OfficialAccount], Iterator[Finding]]
_examinations: Registry[Examination] = Registry("examination of an account")
# Examinations that only read stored outcomes of callbacks and calls, so that every page may run them.
_observations: Registry[Examination] = Registry("observation of an account")
InstallationExamination = Callable[[], Iterator[Finding]]
_of_installation: Registry[InstallationExamination] = Registry("examination of the installation")


def examines_installation(examination: InstallationExamination) -> InstallationExamination:
    """Registers an examination of what all accounts share: the address, the stores."""
    return _of_installation.register(examination)


def examines(examination: Examination) -> Examination:
    return _examinations.register(examination)


def observes(observation: Examination) -> Examination:
    """Registers an examination that makes no call; pages show what it finds for as long as it lasts."""
    _observations.register(observation)
    return examines(observation)


def problems(account: OfficialAccount) -> list[Finding]:
    """Returns what callbacks and calls show to be wrong now, until the first success. Makes no call."""
    found = (finding for observation in _observations for finding in observation(account))
    return [finding for finding in found if finding.level is not Level.FINE]


def last_seen(at: datetime.datetime, count: int) -> str:
    """Returns when something happened last, and how often, for the end of a sentence."""
    return gettext("last %(at)s, %(count)d refused") % {"at": short_time(at), "count": count}


def short_time(at: datetime.datetime) -> str:
    """Returns a time to the minute, with the day unless it is today."""
    local = timezone.localtime(at)
    is_today = local.date() == timezone.localdate()
    return date_format(local, "H:i" if is_today else "m-d H:i")


def with_time(sentence: str | Promise, when: str) -> str:
    """Returns the sentence with the time in brackets."""
    return gettext("%(sentence)s (%(when)s)") % {"sentence": sentence, "when": when}


@contextmanager
def own_call() -> Iterator[requests.Session]:
    """Yields a session with a deadline, for calls of an examination that bypass the platform's clients."""
    with deadlines.within(OWN_CALL_SECONDS), bounded_session() as session:
        yield session


def examine_installation() -> list[Finding]:
    """Returns what is wrong with the installation, the worst first."""
    return _worst_first(finding for examination in _of_installation for finding in examination())


def examine(account: OfficialAccount) -> list[Finding]:
    """Runs every examination and returns the findings, the worst first.

    Makes calls to the platform, but raises none of their errors. If secrets cannot be decrypted, only that is
    returned.
    """
    if unreadable := list(undecryptable_secrets(account)):
        return unreadable
    return _worst_first(finding for examination in _examinations for finding in examination(account))


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: WORST_FIRST.index(finding.level))


@observes
def undecryptable_secrets(account: OfficialAccount) -> Iterator[Finding]:
    """Yields a fault if there are secrets that no key decrypts, as after a restore with another key."""
    if names := account.undecryptable_secrets():
        labels = [str(field.verbose_name) for field in OfficialAccount._meta.fields if field.name in names]
        yield Finding(
            Level.FAULT,
            _("No key of FIELD_ENCRYPTION_KEYS opens the account's secrets: %(secrets)s.")
            % {"secrets": listed(labels)},
            _("Put the key back that they were stored with and restart; if it is lost, enter them again."),
        )


def clock_findings(address: str) -> Iterator[Finding]:
    """Yields a finding if our clock differs from a server's by more than ``MOST_SKEW_SECONDS``.

    The platform refuses signatures whose time differs by more than five minutes.
    """
    try:
        with own_call() as session:
            stamped = session.head(address, allow_redirects=False).headers["Date"]
        skew = time.time() - parsedate_to_datetime(stamped).timestamp()
    except (requests.RequestException, KeyError, ValueError):
        return
    if abs(skew) > MOST_SKEW_SECONDS:
        yield Finding(
            Level.FAULT,
            _("This server's clock is %(seconds)d seconds away from the one at %(address)s.")
            % {"seconds": abs(skew), "address": address},
            _("Switch on time synchronisation (NTP); what is over 300 seconds away is refused."),
        )
