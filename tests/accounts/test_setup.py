"""The guided set-up of an account, walked as its owner does, against a platform that knows the account."""

import dataclasses
import datetime
import io
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.official.clients import client_for
from accounts.official.models import AES_KEY_FORM, TOKEN_FORM, OfficialAccount
from accounts.staff.models import StaffRight
from tests.callbacks import call, post, run
from tests.cast import Cast, signed_in
from tests.platform import Platform, Push
from tests.simulated import Simulated
from wechat.inbox import refusals, unknown_addresses
from wechat.kernel import work
from wechat.materials.models import Asset
from wechat.materials.reading import READINGS
from wechat.sdk.calls import media

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reachable")]

NEW = "operations_setup"
APPID, SECRET = "wx7d4e0123456789ab", "0123456789abcdef0123456789abcdef"


def page(account: OfficialAccount, step: str) -> str:
    return reverse("operations_setup_step", args=(account.pk, step))


def html(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def named(client: Client, **changes: str) -> Any:
    return client.post(reverse(NEW), {"kind": "service", "name": "新店", "slug": "new-shop", **changes})


def test_an_account_is_added_in_two_steps_and_asked_of_wechat(simulated: Simulated, staff: Cast) -> None:
    """The secret is right, so the next step follows."""
    client = signed_in(staff.superuser)
    simulated.create_account(
        OfficialAccount(appid=APPID, appsecret=SECRET, kind="service", slug="new-shop", mode="plain")
    )
    assert named(client)["Location"] == reverse(NEW)
    assert "/wechat/new-shop/callback" in html(client, reverse(NEW))
    answer = client.post(reverse(NEW), {"appid": APPID, "new_appsecret": SECRET, "original_id": ""})
    account = OfficialAccount.objects.get(slug="new-shop")
    assert answer["Location"] == page(account, "server")
    assert (account.name, account.kind, account.mode) == ("新店", "service", "safe")
    assert account.abilities["service_messages"]["able"] is True


def test_what_the_first_step_asked_for_is_there_when_its_reader_comes_back(staff: Cast) -> None:
    client = signed_in(staff.superuser)
    named(client)
    assert 'value="new-shop"' in html(client, f"{reverse(NEW)}?step=name")
    assert not OfficialAccount.objects.filter(slug="new-shop").exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"slug": "我的店"}, "“我的店” 不能用在网址里"),
        ({"slug": "My Shop"}, "请用小写字母"),
        ({"slug": "demo"}, "“演示服务号” 已经用了这个短名称"),
    ],
)
def test_a_short_name_that_is_none_is_refused_in_plain_words(
    staff: Cast, changes: dict[str, str], expected: str
) -> None:
    assert expected in named(signed_in(staff.superuser), **changes).content.decode()


def test_only_who_may_add_an_account_is_let_in(owner: Client, staff: Cast) -> None:
    assert owner.get(reverse(NEW)).status_code == 403
    add = reverse("admin:official_officialaccount_add")
    assert signed_in(staff.superuser).get(add)["Location"] == reverse(NEW)


def test_a_wrong_secret_is_named_at_its_step(simulated: Simulated, staff: Cast, owner: Client) -> None:
    simulated.create_account(staff.ours, secret="f" * 32)
    keys = page(staff.ours, "keys")
    given = {"appid": staff.ours.appid, "new_appsecret": SECRET, "account": staff.ours.pk}
    assert owner.post(keys, given)["Location"] == keys
    assert "AppSecret 不正确" in html(owner, keys)
    simulated.create_account(staff.ours)
    assert owner.post(keys, given)["Location"] == page(staff.ours, "server")
    assert "AppSecret 不正确" not in html(owner, keys)


def test_where_no_key_opens_the_secrets_every_step_is_shown_and_takes_new_ones(
    simulated: Simulated, staff: Cast, owner: Client, settings: Settings
) -> None:
    simulated.create_account(staff.ours)
    settings.FIELD_ENCRYPTION_KEYS = {"other": bytes(32)}
    keys, server = page(staff.ours, "keys"), page(staff.ours, "server")
    for address in (keys, server, page(staff.ours, "addresses"), page(staff.ours, "abilities")):
        assert owner.get(address).status_code == 200
    about = {"account": staff.ours.pk}
    assert owner.post(server, {"check": "", **about}).status_code == 200
    assert owner.post(page(staff.ours, "abilities"), about).status_code == 302
    given = {"appid": staff.ours.appid, "original_id": "", "new_appsecret": "", **about}
    assert owner.post(keys, given).status_code == 200, "the AppSecret is needed now"
    assert owner.post(keys, given | {"new_appsecret": SECRET}).status_code == 302
    owner.post(server, {"generate": "", **about})
    assert OfficialAccount.objects.get(pk=staff.ours.pk).undecryptable_secrets() == []


def test_an_address_that_is_not_on_the_list_is_named_to_be_added(
    simulated: Simulated, staff: Cast, owner: Client
) -> None:
    simulated.create_account(staff.ours, ip_whitelist=["192.0.2.1"])
    addresses = page(staff.ours, "addresses")
    owner.post(addresses, {"account": staff.ours.pk})
    assert 'data-copy="127.0.0.1"' in html(owner, addresses)
    simulated.create_account(staff.ours, ip_whitelist=["192.0.2.1", "127.0.0.1"])
    answer = owner.post(addresses, {"account": staff.ours.pk})
    assert answer["Location"] == page(staff.ours, "abilities")
    assert "无需操作" in html(owner, addresses)


def test_token_and_key_are_made_and_shown_once(staff: Cast, owner: Client) -> None:
    server = page(staff.ours, "server")
    shown = owner.post(server, {"generate": "", "account": staff.ours.pk}).content.decode()
    account = OfficialAccount.objects.get(pk=staff.ours.pk)
    assert TOKEN_FORM.fullmatch(account.token)
    assert AES_KEY_FORM.fullmatch(account.aes_key)
    assert str(account.token) in shown
    assert str(account.aes_key) in shown
    assert str(account.token) not in html(owner, server)
    assert str(account.aes_key) not in html(owner, server)


@pytest.mark.parametrize("mode", ["compatible", "safe"])
def test_an_encrypted_mode_without_its_key_is_refused_in_words(staff: Cast, owner: Client, mode: str) -> None:
    OfficialAccount.objects.filter(pk=staff.ours.pk).update(mode="plain", aes_key=b"")
    given = {"save": "", "account": staff.ours.pk, "mode": mode}
    refused = owner.post(page(staff.ours, "server"), given)
    assert refused.status_code == 200
    assert "EncodingAESKey" in str(refused.context["form"].errors["new_aes_key"])
    assert owner.post(page(staff.ours, "server"), given | {"new_aes_key": "k" * 43}).status_code == 302


def arrivals(client: Client, account: OfficialAccount) -> str:
    refusals.settle()
    unknown_addresses.written()
    return re.sub(r"\s+", " ", html(client, f"{page(account, 'server')}?part=arrivals"))


def verification(platform: Platform) -> Push:
    return Push({**platform.plain("").query, "echostr": "1234567890"}, b"")


def verified(platform: Platform, path: str) -> int:
    return run(call(path, verification(platform), "GET"))[0].status_code


def test_the_page_waits_for_the_verification_and_tells_when_it_came(
    platform: Platform, staff: Cast, owner: Client
) -> None:
    before = arrivals(owner, staff.ours)
    assert ("还没有收到微信的请求" in before, "data-moving" in before) == (True, True)
    assert verified(platform, "/wechat/demo/callback") == 200
    assert "验证了地址" in arrivals(owner, staff.ours)
    post(platform.safe(platform.text("你好")))
    after = arrivals(owner, staff.ours)
    assert ("收到并已接收" in after, "data-moving" in after) == (True, False)


def test_a_wrong_token_is_named_until_the_verification_is_right(
    platform: Platform, staff: Cast, owner: Client
) -> None:
    strange = dataclasses.replace(platform, token="anothertoken")
    assert verified(strange, "/wechat/demo/callback") == 403
    assert "另一个 Token" in arrivals(owner, staff.ours)
    assert verified(platform, "/wechat/demo/callback") == 200
    assert "另一个 Token" not in arrivals(owner, staff.ours)


def test_a_wrong_address_is_named_by_whose_token_signed(
    platform: Platform, staff: Cast, owner: Client
) -> None:
    assert verified(platform, "/wechat/dmeo/callback") == 404
    assert verified(dataclasses.replace(platform, token="strangers"), "/wechat/else/callback") == 404
    html = arrivals(owner, staff.ours)
    assert ("微信访问了 /wechat/dmeo/callback" in html, "/wechat/else" in html) == (True, False)


def test_our_own_check_is_not_taken_for_a_verification_of_the_platform(
    simulated: Simulated, staff: Cast, owner: Client
) -> None:
    simulated.create_account(staff.ours)
    owner.post(page(staff.ours, "server"), {"check": "", "account": staff.ours.pk})
    assert "还没有收到微信的请求" in arrivals(owner, staff.ours)


def test_what_is_on_wechat_is_brought_here(simulated: Simulated, staff: Cast, owner: Client) -> None:
    simulated.create_account(staff.ours)
    imports = page(staff.ours, "imports")
    for what in ("followers", "menus", "rules", "templates", "articles", "materials"):
        answer = owner.post(imports, {"what": what, "account": staff.ours.pk})
        assert answer["Location"] == imports
    assert "正在导入" in html(owner, f"{imports}?part=imports")
    work.run_all()
    assert "正在导入" not in html(owner, f"{imports}?part=imports")


def test_the_library_is_read_from_wechat_once(
    simulated: Simulated,
    account: OfficialAccount,
    settings: Settings,
    tmp_path: Any,
    owner: Client,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    simulated.create_account(account)
    _uploaded_there(account, "门店.png")
    for _again in range(2):
        owner.post(page(account, "imports"), {"what": "materials", "account": account.pk})
        # A worker that is killed holds it up for seconds.
        assert READINGS.claim()
        with time_machine.travel(timezone.now() + datetime.timedelta(seconds=16)):
            work.run_all("materials.read")
        (asset,) = Asset.objects.filter(account=account)
        assert (asset.kind, asset.state, asset.content_type) == ("image", "uploaded", "image/png")


def _uploaded_there(account: OfficialAccount, name: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    media.add_permanent(client_for(account), "image", media.Upload(name, file.getvalue(), "image/png"))


def test_who_may_only_look_at_an_account_sets_nothing_up(staff: Cast) -> None:
    auditor = signed_in(staff.auditor)
    assert auditor.get(page(staff.ours, "server")).status_code == 403
    StaffRight.objects.filter(user=staff.owner).delete()
    assert signed_in(staff.owner).get(page(staff.ours, "server")).status_code == 404
