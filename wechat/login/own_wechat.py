"""The WeChat with which a colleague tries things out, bound by scanning a code that only they are shown."""

import datetime
import secrets

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.followers.models import OwnWeChat
from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.sdk.calls import qrcodes

PREFIX = "staff_"
LIFE = datetime.timedelta(minutes=5)


def of(user: User, account: OfficialAccount) -> OwnWeChat | None:
    """Returns the colleague's binding in the account, complete or waiting for the scan, or ``None``."""
    return OwnWeChat.objects.filter(user=user, account=account).first()


def begin(user: User, account: OfficialAccount) -> str:
    """Creates a code to bind a WeChat, and returns its content.

    The former WeChat stays bound until the scan. Raises the errors of ``Client``.
    """
    scene = f"{PREFIX}{secrets.token_hex(16)}"
    made = qrcodes.create_temporary(client_for(account), scene, int(LIFE.total_seconds()))
    OwnWeChat.objects.update_or_create(
        user=user, account=account, defaults={"scene": scene, "expires_at": timezone.now() + LIFE}
    )
    return made.url


def shown(account: OfficialAccount, scene: str) -> OwnWeChat | None:
    """Returns the binding that this code is for, even if it was scanned or has expired."""
    return OwnWeChat.objects.filter(account=account, scene=scene).first()


def waiting(account: OfficialAccount, scene: str) -> QuerySet[OwnWeChat]:
    """Returns the bindings that wait for this code to be scanned."""
    return OwnWeChat.objects.filter(account=account, scene=scene, expires_at__gt=timezone.now())


def scanned(account: OfficialAccount, scene: str, openid: str) -> bool:
    """Binds the WeChat of whoever scans first; returns ``False`` if the code is no longer waiting.

    The code is kept, because the answer to the scan may be built after this.
    """
    return bool(waiting(account, scene).update(openid=openid, expires_at=None))


@transaction.atomic
def forget(user: User, account: OfficialAccount) -> None:
    """Deletes the binding."""
    OwnWeChat.objects.filter(user=user, account=account).delete()
