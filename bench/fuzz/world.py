"""The data for the inputs: the demo's rows, and the keys that make requests valid at each door."""

import hashlib
import hmac
import io
import uuid
from dataclasses import dataclass, field
from random import Random
from time import time
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from openpyxl import Workbook
from PIL import Image

from accounts.followers.models import Follower, Segment, Tag
from accounts.official.models import OfficialAccount
from menus import drafts, portable
from menus.models import Menu
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order
from payments.shop.models import Item, ItemField
from tests.platform import Platform
from tests.sdk.pay.vectors import KEYS
from wechat.api import scopes
from wechat.api.models import ApiClient
from wechat.login import browser, tokens, visitors
from wechat.login.models import LoginSession

OPENID = "oFuzz0000000000000000000001"


@dataclass
class World:
    account: OfficialAccount
    plain: OfficialAccount
    mini: OfficialAccount
    order: Order
    secret: str
    client: ApiClient
    session: str
    access: str
    refresh: str
    tag: Tag
    segment: Segment
    menu: Menu
    xlsx: bytes
    picture: bytes
    menu_file: bytes
    # The cookies of a member of staff, and of a follower in the shop.
    cookies: str = ""
    item: int = 0
    forms: list[Any] = field(default_factory=list)
    platforms: dict[str, Platform] = field(default_factory=dict)

    def signed(self, method: str, path: str, query: str, body: bytes) -> dict[str, str]:
        """Returns the headers that sign a call of a business system, as the API's documentation describes."""
        timestamp, nonce = str(int(time())), uuid.uuid4().hex
        digest = hashlib.sha256(body).hexdigest()
        text = "\n".join([method, path, query, timestamp, nonce, digest])
        signature = hmac.new(
            self.secret.encode(), text.encode("latin-1", "replace"), hashlib.sha256
        ).hexdigest()
        return {
            "X-Key": self.client.key_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature,
        }  # fmt: skip


def make_world() -> World:
    """Fills an empty database with the data for the inputs; the simulator has to run."""
    call_command("migrate", verbosity=0)
    call_command("load_demo", verbosity=0)
    account = OfficialAccount.objects.get(slug="demo")
    plain = OfficialAccount.objects.create(
        slug="plain", name="plain", appid=f"wx{'e' * 16}", original_id="gh_00000000000e", token="fuzztoken",
        mode="plain",
    )  # fmt: skip
    Follower.objects.create(account=account, openid=OPENID)
    mini = OfficialAccount.objects.get(slug="demo-mini")
    session = tokens.start(visitors.logged_in(account, OPENID), LoginSession.Kind.MINIPROGRAM)
    # Calls of mini programs accept only this kind of account.
    in_mini_program = visitors.logged_in(mini, OPENID, session_key="c2Vzc2lvbmtleTAxMjM0NQ==")
    access = tokens.start(in_mini_program, LoginSession.Kind.MINIPROGRAM).access
    client = ApiClient(name="fuzz", scopes=[name for name, _label in scopes.known()], per_minute=600_000)
    secret = client.make_secret()
    client.save()
    client.accounts.add(account)
    staff = _session(account)
    return World(
        cookies=f"sessionid={staff}; {_visiting(account)}",
        item=_item(account).pk,
        account=account,
        plain=plain,
        mini=mini,
        order=_ordered(account),
        secret=secret,
        client=client,
        session=staff,
        access=access,
        refresh=session.refresh,
        tag=Tag.objects.create(account=account, name="VIP", platform_id=100),
        segment=Segment.objects.create(account=account, name="all", conditions=[]),
        menu=drafts.default_menu(account),
        xlsx=_xlsx(),
        picture=_picture(),
        menu_file=portable.export(list(Menu.objects.filter(account=account))).encode(),
        platforms={each.slug: _platform(each) for each in (account, plain)},
    )


def _platform(account: OfficialAccount) -> Platform:
    return Platform(account.appid, account.token, account.aes_key, account.original_id)


def _ordered(account: OfficialAccount) -> Order:
    """Returns an order of a merchant for which the platform's private key is known.

    Its notifications can therefore be signed.
    """
    merchant = Merchant.objects.create(
        slug="fuzz",
        name="fuzz",
        mchid=KEYS["mchid"],
        serial_no=KEYS["merchant"]["serial_no"],
        private_key=KEYS["merchant"]["private_key_pem"],
        api_v3_key=KEYS["apiv3_key"],
        api_v2_key=KEYS["apiv2_key"],
        public_key_id=KEYS["wechatpay_public_key"]["public_key_id"],
        public_key=KEYS["wechatpay_public_key"]["public_key_pem"],
    )
    merchant.accounts.add(account)
    wanted = ordering.OrderRequest(
        account=account, merchant=merchant, source="fuzz", key="fuzz", way=Order.Way.JSAPI, total=100,
        description="会员卡", openid=OPENID,
    )  # fmt: skip
    return ordering.create(wanted)


def _session(account: OfficialAccount) -> str:
    """Returns the session key of a member of staff who has chosen this account."""
    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(User.objects.get(username="admin"), "django.contrib.auth.backends.ModelBackend")
    client.post("/admin/account/", {"account": account.pk})
    return client.cookies["sessionid"].value


def _visiting(account: OfficialAccount) -> str:
    """Returns the cookies of a follower who opened a page in WeChat."""
    response = HttpResponse()
    browser.sign_in(response, visitors.logged_in(account, OPENID))
    return "; ".join(f"{name}={cookie.value}" for name, cookie in response.cookies.items())


def _item(account: OfficialAccount) -> Item:
    merchant = Merchant.objects.exclude(slug="fuzz").filter(accounts=account).first()
    assert merchant is not None
    item = Item.objects.create(account=account, merchant=merchant, title="会员卡", least=100, most=100_000)
    for position, kind in enumerate(ItemField.Kind.values):
        choices = "红\n蓝" if kind == ItemField.Kind.CHOICE else ""
        ItemField.objects.create(item=item, kind=kind, label=kind, choices=choices, position=position)
    return item


def _xlsx() -> bytes:
    book, packed = Workbook(), io.BytesIO()
    rows: list[list[Any]] = [["openid", "remark", "城市"], [OPENID, "老王", "杭州"], ["oB", "x", 16.0]]
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]  # a new book has a sheet
    book.save(packed)
    return packed.getvalue()


def _picture() -> bytes:
    drawn = io.BytesIO()
    Image.frombytes("RGB", (64, 64), Random(1).randbytes(64 * 64 * 3)).save(drawn, "PNG")
    return drawn.getvalue()
