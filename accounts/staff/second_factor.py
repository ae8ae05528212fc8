"""The second step of signing in: a code of an authenticator app, a passkey, or a recovery code.

Secrets are encrypted, and a code is valid once. Guesses are slowed down by the same limits as passwords, see
``accounts.staff.sign_in``; nobody is locked out.
"""

import secrets
import unicodedata
from collections.abc import Sequence

import pyotp
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.staff.models import RecoveryCode, SecondFactor, SecondFactorRule, StaffRight

ISSUER = "WeChat Console"
Kind = SecondFactor.Kind
RECOVERY_CODES = 10
# The number of time steps by which a clock may be off.
WINDOW = 1
STEP_SECONDS = 30
# The session key of what is still to be done after the password.
PENDING = "second_step"
SHOW, SET_UP = "show", "set_up"


def has(user: User) -> bool:
    return SecondFactor.objects.filter(user=user).exists()


def is_required(user: User) -> bool:
    """Returns whether an owner requires a second step for one of the user's roles."""
    held = StaffRight.objects.filter(user=user).values_list("account", "role")
    rules = set(SecondFactorRule.objects.values_list("account", "role"))
    return any(right in rules for right in held)


def left_to_do(user: User) -> str:
    """Returns what is left to do after the password: ``SHOW`` a second step, ``SET_UP`` one, or ""."""
    if has(user):
        return SHOW
    return SET_UP if is_required(user) else ""


def new_key() -> str:
    return pyotp.random_base32()


def address_of(user: User, key: str) -> str:
    """Returns the ``otpauth`` URI of the key, which an authenticator app scans as a QR code."""
    return pyotp.TOTP(key).provisioning_uri(name=user.username, issuer_name=ISSUER)


def step_of(key: str, code: str) -> int | None:
    """Returns the time step (of 30 seconds) near now for which the code is valid, or ``None``."""
    # A Chinese input method may type full-width digits.
    plain = unicodedata.normalize("NFKC", code).replace(" ", "")
    now = int(timezone.now().timestamp()) // STEP_SECONDS
    app = pyotp.TOTP(key)
    for step in range(now - WINDOW, now + WINDOW + 1):
        if secrets.compare_digest(app.generate_otp(step).encode(), plain.encode()):
            return step
    return None


@transaction.atomic
def add_app(user: User, key: str, code: str) -> SecondFactor | None:
    """Adds an authenticator app if the code is valid for its key; otherwise returns ``None``."""
    step = step_of(key, code)
    if step is None:
        return None
    return SecondFactor.objects.create(user=user, kind=Kind.APP, name=ISSUER, secret=key, counter=step)


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Creates and returns ten recovery codes, which replace the former ones and are shown only once."""
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _each in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=RecoveryCode.digest_of(code)) for code in codes
    )
    return codes


def is_right(user: User, code: str) -> bool:
    """Returns whether it is a valid code of an app, or a recovery code, and marks it as used."""
    return _used_app(user, code) or _used_recovery(user, code)


@transaction.atomic
def _used_app(user: User, code: str) -> bool:
    apps: Sequence[SecondFactor] = list(
        SecondFactor.objects.select_for_update().filter(user=user, kind=Kind.APP)
    )
    for app in apps:
        if app.is_undecryptable("secret"):
            # The recovery codes are still valid.
            continue
        step = step_of(app.secret, code)
        if step is not None and step > app.counter:
            app.counter, app.used_at = step, timezone.now()
            app.save(update_fields=["counter", "used_at"])
            return True
    return False


def _used_recovery(user: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, used_at=None, digest=RecoveryCode.digest_of(code))
    return bool(unused.update(used_at=timezone.now()))


def pending(request: HttpRequest) -> str:
    found: str = request.session.get(PENDING, "")
    return found
