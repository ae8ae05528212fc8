"""Staff with every kind of right, and two accounts, so that a forgotten account filter shows up."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from wechat.inbox.models import InboundMessage

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Cast:
    """The staff: everybody but the outsider works for ``ours``; the outsider owns ``theirs``."""

    ours: OfficialAccount
    theirs: OfficialAccount
    superuser: User
    owner: User
    editor: User
    service: User
    auditor: User
    outsider: User
    nobody: User


def cast(ours: OfficialAccount) -> Cast:
    theirs = OfficialAccount.objects.create(
        slug="theirs", name="别家公众号", appid="wxfedcba9876543210", token="theirtoken", mode="plain"
    )
    role = StaffRight.Role
    return Cast(
        ours=ours,
        theirs=theirs,
        superuser=User.objects.create_superuser("superuser", password=PASSWORD),
        owner=member("owner", ours, role.OWNER),
        editor=member("editor", ours, role.EDITOR),
        service=member("service", ours, role.SERVICE),
        auditor=member("auditor", ours, role.AUDITOR),
        outsider=member("outsider", theirs, role.OWNER),
        nobody=User.objects.create_user("nobody", password=PASSWORD, is_staff=True),
    )


def member(name: str, account: OfficialAccount, role: str) -> User:
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    StaffRight.objects.create(user=user, account=account, role=role)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def message(account: OfficialAccount, text: str = "", **fields: Any) -> InboundMessage:
    """Creates a row of the message log like a callback, by default of a text."""
    now = timezone.now()
    number = InboundMessage.objects.count()
    openid = fields.setdefault("openid", "oFollower000000000000000001")
    body = (
        f"<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>{openid}</FromUserName>"
        f"<CreateTime>1764000000</CreateTime><MsgType>text</MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{number + 1}</MsgId></xml>"
    )
    usual = {
        "kind": "text", "body": body, "sent_at": now, "received_at": now, "handled_at": now,
    }  # fmt: skip
    return InboundMessage.objects.create(
        **{**usual, "account": account, "key": f"test:{number}", "text": text, **fields}
    )
