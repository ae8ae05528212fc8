"""The sign-in on a computer with the phone: a temporary QR code, and a confirmation on the phone.

The code is bound to the browser that shows it. Scanning alone signs nobody in: the phone asks first and shows
the number that must also be on the computer, so that a code sent by somebody else is noticed.
"""

import datetime
import logging
import secrets

from django.utils import timezone

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.login.digests import digest
from wechat.login.models import ScanLogin, Visitor
from wechat.sdk.calls import qrcodes

log = logging.getLogger(__name__)

PREFIX = "login_"
LIFE = datetime.timedelta(minutes=5)
State = ScanLogin.State


def begin(account: OfficialAccount, browser_secret: str, return_to: str) -> tuple[ScanLogin, str]:
    """Returns a new sign-in and the content of its code. Raises the errors of ``Client``."""
    scan = ScanLogin.objects.create(
        account=account,
        scene=f"{PREFIX}{secrets.token_hex(16)}",
        browser=digest(browser_secret),
        number=f"{secrets.randbelow(90) + 10}",
        return_to=return_to,
        expires_at=timezone.now() + LIFE,
    )
    made = qrcodes.create_temporary(client_for(account), scan.scene, int(LIFE.total_seconds()))
    return scan, made.url


def find(account: OfficialAccount, scene: str) -> ScanLogin | None:
    return ScanLogin.objects.filter(account=account, scene=scene).first()


def scanned(account: OfficialAccount, scene: str, openid: str) -> bool:
    """Records who scanned the code first; returns ``False`` if it is no longer waiting.

    A repeated call changes nothing.
    """
    waiting = ScanLogin.objects.filter(account=account, scene=scene, state=State.WAITING)
    return bool(waiting.filter(expires_at__gt=timezone.now()).update(state=State.SCANNED, openid=openid))


def decide(scan: ScanLogin, visitor: Visitor, *, agreed: bool) -> bool:
    """Records the decision on the phone that scanned; returns ``False`` if it is too late or a second one."""
    mine = ScanLogin.objects.filter(
        pk=scan.pk, account=visitor.account_id, openid=visitor.openid, state=State.SCANNED
    )
    state = State.CONFIRMED if agreed else State.REFUSED
    decided = bool(mine.filter(expires_at__gt=timezone.now()).update(state=state))
    if not decided:
        log.warning("scan_login_refused", extra={"account": visitor.account_id, "visitor": visitor.pk})
    return decided


def claim(scan: ScanLogin, browser_secret: str) -> Visitor | None:
    """Returns the visitor for the computer with the code, once and after the confirmation, or ``None``."""
    mine = ScanLogin.objects.filter(pk=scan.pk, browser=digest(browser_secret), state=State.CONFIRMED)
    if not mine.filter(expires_at__gt=timezone.now()).update(state=State.USED):
        return None
    return Visitor.objects.filter(account=scan.account_id, openid=scan.openid).first()
