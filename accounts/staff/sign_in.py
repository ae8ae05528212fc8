"""The limits on guessing passwords: attempts are slowed down by address and user name, nobody is locked out.

After a few wrong passwords the next attempt has to wait, each time twice as long. A name can be guessed from
everywhere, so its limit is wide and its longest wait short: strangers cost its owner seconds. A browser that
has signed in as that name before is limited by its own failures only, and strangers cost its owner nothing
(the "device cookies" of OWASP).
"""

import datetime
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.staff.models import SignInLimit
from wechat.kernel.addresses import client_network

Kind = SignInLimit.Kind

COOKIE, COOKIE_SALT = "wc_known_browser", "sign-in"
COOKIE_LIFE = datetime.timedelta(days=180)
FORGOTTEN_AFTER = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Delays:
    """The waits after wrong passwords: none for some, then ``first``, doubled each time up to ``longest``."""

    free: int
    longest: datetime.timedelta
    first: datetime.timedelta = datetime.timedelta(seconds=5)

    def wait(self, failures: int) -> datetime.timedelta:
        if failures < self.free:
            return datetime.timedelta()
        # Enough doublings for any limit, and no number too large for a duration.
        doubled: int = 2 ** min(failures - self.free, 16)
        return min(self.first * doubled, self.longest)


QUARTER = datetime.timedelta(minutes=15)
DELAYS = {
    Kind.ADDRESS: Delays(5, QUARTER),
    Kind.NAME: Delays(100, datetime.timedelta(minutes=1)),
    Kind.BROWSER: Delays(5, QUARTER),
}


class TooSoon(Exception):
    """The attempt came before ``open_at``, so the password is not even looked at."""

    def __init__(self, open_at: datetime.datetime) -> None:
        super().__init__()
        self.open_at = open_at


class SignInAttempt:
    """An attempt to sign in, which counts as failed until it has ``succeeded``."""

    def __init__(self, request: HttpRequest, name: str) -> None:
        """Counts the attempt as a failure. Raises ``TooSoon`` if its origin has to wait."""
        self._request = request
        self._name = name.strip().casefold()[:150]
        self._browser = self._known_browser()
        self._limits = self._count()

    def succeeded(self, response: HttpResponse) -> None:
        """Takes the failure back, and marks the browser as known by a cookie."""
        now = timezone.now()
        for limit in self._limits:
            # What others failed meanwhile stays.
            SignInLimit.objects.filter(pk=limit.pk, failures=limit.failures).update(
                failures=limit.failures - 1, open_at=now
            )
        response.set_signed_cookie(
            COOKIE,
            f"{self._digest()}.{self._browser or secrets.token_hex(16)}",
            COOKIE_SALT,
            max_age=COOKIE_LIFE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )

    def _known_browser(self) -> str:
        """Returns the number in the browser's cookie, if it has signed in as this name before, else ""."""
        cookie = self._request.get_signed_cookie(COOKIE, "", COOKIE_SALT, max_age=COOKIE_LIFE) or ""
        digest, _, browser = cookie.partition(".")
        return browser if digest == self._digest() else ""

    def _digest(self) -> str:
        """Returns the name as a digest, in letters that a cookie may have."""
        return hashlib.sha256(self._name.encode()).hexdigest()[:16]

    def _origins(self) -> list[tuple[Kind, str]]:
        if self._browser:
            return [(Kind.BROWSER, self._browser)]
        return [(Kind.ADDRESS, client_network(self._request)), (Kind.NAME, self._name)]

    @transaction.atomic
    def _count(self) -> Sequence[SignInLimit]:
        """Counts a failure before the password is looked at: guesses at once must not slip through."""
        now = timezone.now()
        SignInLimit.objects.filter(failed_at__lt=now - FORGOTTEN_AFTER).delete()
        limits = [self._locked(kind, value, now) for kind, value in self._origins()]
        open_at = max(limit.open_at for limit in limits)
        if open_at > now:
            raise TooSoon(open_at)
        for limit in limits:
            limit.failures += 1
            limit.failed_at = now
            limit.open_at = now + DELAYS[Kind(limit.kind)].wait(limit.failures)
            limit.save()
        return limits

    def _locked(self, kind: Kind, value: str, now: datetime.datetime) -> SignInLimit:
        # It changes nothing of one that is there, but locks it: between two statements another attempt could
        # forget it.
        SignInLimit.objects.bulk_create(
            [SignInLimit(kind=kind, value=value, failed_at=now, open_at=now)],
            update_conflicts=True,
            unique_fields=["kind", "value"],
            update_fields=["value"],
        )
        return SignInLimit.objects.get(kind=kind, value=value)
