"""Items as marketing staff make them; figures of money are for those who may see money."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from payments.merchants.models import Merchant
from payments.shop import selling
from payments.shop.models import Item, ItemField
from tests.cast import Cast, member, signed_in
from tests.payments.shop.conftest import Offered
from wechat.materials.models import Asset

LIST = "/admin/shop/item/"


@pytest.fixture
def editor(staff: Cast) -> Client:
    return signed_in(staff.editor)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def fields(sold_by: Merchant, account: OfficialAccount, /, **differently: Any) -> dict[str, Any]:
    usual = {
        "account": account.pk,
        "merchant": sold_by.pk,
        "title": "手工课",
        "picture": "",
        "description": "",
        "enabled": "on",
        "pricing": "fixed",
        "price_yuan": "99.80",
        "least_yuan": "",
        "most_yuan": "",
        "stock": "",
        "each_person": "",
        "opens_at_0": "",
        "opens_at_1": "",
        "ends_at_0": "",
        "ends_at_1": "",
        "fields-TOTAL_FORMS": "1",
        "fields-INITIAL_FORMS": "0",
        "fields-0-kind": "choice",
        "fields-0-label": "尺码",
        "fields-0-choices": "S\nM",
        "fields-0-required": "on",
        "fields-0-position": "0",
    }
    return {**usual, **differently}


def test_an_item_is_made_in_yuan_and_kept_in_fen(
    editor: Client, merchant: Merchant, account: OfficialAccount
) -> None:
    assert "还没有收款商品" in text(editor.get(LIST))
    answer = editor.post(f"{LIST}add/", fields(merchant, account))
    assert answer.status_code == 302, text(answer)
    item = Item.objects.get()
    assert (item.price, item.least, item.most) == (9980, None, None)
    assert ItemField.objects.get().options == ["S", "M"]
    assert "¥99.80" in text(editor.get(LIST))


def test_a_price_that_changes_is_known_before_and_after(
    editor: Client, merchant: Merchant, account: OfficialAccount
) -> None:
    editor.post(f"{LIST}add/", fields(merchant, account, stock="5"))
    item = Item.objects.get()
    change = f"{LIST}{item.pk}/change/"
    assert editor.post(change, fields(merchant, account, price_yuan="120", stock="6")).status_code == 302
    free = fields(merchant, account, pricing="free", least_yuan="1", most_yuan="5", stock="6")
    assert editor.post(change, free).status_code == 302
    history = text(editor.get(f"{LIST}{item.pk}/history/"))
    assert "¥99.80 → ¥120.00、库存：5 → 6" in history
    assert "¥120.00 → ¥1.00 – ¥5.00" in history


def test_the_only_merchant_is_chosen_already(editor: Client, merchant: Merchant) -> None:
    shown = editor.get(f"{LIST}add/").content.decode()
    assert re.search(rf'<option value="{merchant.pk}" selected', shown)


def test_without_a_merchant_the_list_says_what_to_do(editor: Client) -> None:
    assert "需要先有商户" in text(editor.get(LIST))


def test_a_free_amount_has_bounds(editor: Client, merchant: Merchant, account: OfficialAccount) -> None:
    given = fields(merchant, account, pricing="free", least_yuan="1", most_yuan="¥5,000.00")
    assert editor.post(f"{LIST}add/", given).status_code == 302
    item = Item.objects.get()
    assert (item.price, item.least, item.most) == (None, 100, 500_000)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"price_yuan": ""}, "请填写金额"),
        ({"price_yuan": "0"}, "¥0.01"),
        ({"price_yuan": "1.005"}, "请填写金额"),
        ({"price_yuan": "1e9"}, "请填写金额"),
        ({"price_yuan": "1000000.01"}, "¥1000000.00"),
        ({"price_yuan": "-1"}, "¥0.01"),
        ({"pricing": "free", "least_yuan": "5", "most_yuan": "4"}, "最高金额不能低于最低金额"),
        ({"pricing": "free", "least_yuan": "5"}, "请填写金额"),
        ({"pricing": "free", "least_yuan": "5", "most_yuan": "100000.01"}, "¥100000.00"),
        ({"stock": "-1"}, "不能小于 0"),
        ({"each_person": "0"}, "不能小于 1"),
        (
            {
                "opens_at_0": "2026-02-02",
                "opens_at_1": "10:00",
                "ends_at_0": "2026-02-01",
                "ends_at_1": "10:00",
            },
            "停售时间必须晚于开售时间",
        ),
        ({"fields-0-choices": ""}, "请填写选项，每行一个"),
        (
            {
                "fields-TOTAL_FORMS": "2",
                "fields-1-kind": "text",
                "fields-1-label": " 尺码 ",
                "fields-1-position": "1",
            },
            "已有填写项问过这一项",
        ),
        ({"title": ""}, "必填"),
        ({"merchant": ""}, "必填"),
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_lost(
    editor: Client, merchant: Merchant, account: OfficialAccount, wrong: Any, sentence: str
) -> None:
    answer = editor.post(f"{LIST}add/", fields(merchant, account, description="两小时", **wrong))
    assert answer.status_code == 200
    assert sentence in text(answer)
    assert "两小时" in answer.content.decode()
    assert not Item.objects.exists()


def changed(client: Client, item: Item, **differently: Any) -> Any:
    given = fields(item.merchant, item.account, **{"fields-TOTAL_FORMS": "0", **differently})
    return client.post(f"{LIST}{item.pk}/change/", given)


def test_saving_never_writes_over_what_was_sold_meanwhile(editor: Client, offered: Offered) -> None:
    item = offered(stock=3)
    editor.get(f"{LIST}{item.pk}/change/")
    selling.buy(item, "oA", total=9980, answers=[], key="k")
    assert changed(editor, item, stock="2").status_code == 302
    item.refresh_from_db()
    assert (item.stock, item.taken) == (2, 1)
    refused = changed(editor, item, stock="0")
    assert "已售出或被待付款订单占用 1 份" in text(refused)


def test_the_page_of_an_item_has_its_address_codes_preview_and_figures(
    editor: Client, offered: Offered
) -> None:
    item = offered(stock=3)
    Item.objects.update(taken=1, sold=1, paid=9980)
    page = editor.get(f"{LIST}{item.pk}/change/").content.decode()
    assert f"/h5/demo/shop/{item.pk}/" in page
    assert "¥99.80" not in text(editor.get(f"{LIST}{item.pk}/change/"))
    assert editor.get(f"{LIST}{item.pk}/code.png").content.startswith(b"\x89PNG")
    assert b"<svg" in editor.get(f"{LIST}{item.pk}/code.svg").content
    preview = editor.get(f"{LIST}{item.pk}/preview/")
    assert "手工课" in text(preview)
    assert "<a " not in preview.content.decode()


def test_money_is_shown_to_those_who_may_see_it(staff: Cast, offered: Offered) -> None:
    item = offered()
    Item.objects.update(sold=1, taken=1, paid=77700)
    address = f"{LIST}{item.pk}/change/"
    assert "¥777.00" in text(signed_in(staff.owner).get(address))
    assert "¥777.00" in text(signed_in(staff.auditor).get(address))
    assert "¥777.00" not in text(signed_in(staff.editor).get(address))


def test_others_look_or_stay_outside(staff: Cast, offered: Offered) -> None:
    item = offered()
    finance = member("money", staff.ours, StaffRight.Role.FINANCE)
    for user in (staff.outsider, staff.nobody, finance):
        client = signed_in(user)
        for rest in ("change/", "preview/", "code.png", "code.svg"):
            assert client.get(f"{LIST}{item.pk}/{rest}").status_code in {302, 403, 404}, (user, rest)
    for user in (staff.service, staff.auditor):
        client = signed_in(user)
        assert client.get(f"{LIST}{item.pk}/change/").status_code == 200
        assert changed(client, item).status_code == 403
        assert client.get(f"{LIST}add/").status_code == 403


def test_things_of_another_account_are_not_offered_nor_taken(
    editor: Client, merchant: Merchant, account: OfficialAccount, staff: Cast
) -> None:
    other = Merchant.objects.create(slug="other", name="别家商户", mchid="1900000110", serial_no="A" * 40)
    other.accounts.add(staff.theirs)
    picture = Asset.objects.create(
        account=staff.theirs, name="别家图片", file="a.png", content_type="image/png", size=1,
        due_at=timezone.now(),
    )  # fmt: skip
    shown = editor.get(f"{LIST}add/").content.decode()
    assert "别家商户" not in shown
    assert "别家图片" not in shown
    for wrong in ({"merchant": other.pk}, {"picture": picture.pk}):
        assert editor.post(f"{LIST}add/", fields(merchant, account, **wrong)).status_code == 200
    assert not Item.objects.exists()


def test_what_was_ordered_is_not_deleted(staff: Cast, offered: Offered) -> None:
    item = offered()
    owner = signed_in(staff.owner)
    selling.buy(item, "oA", total=9980, answers=[], key="k")
    assert owner.post(f"{LIST}{item.pk}/delete/", {"post": "yes"}).status_code == 403
    other = offered(title="另一个")
    assert owner.post(f"{LIST}{other.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Item.objects.all()) == [item]


def test_a_list_is_filtered_by_title_and_state(editor: Client, offered: Offered) -> None:
    offered()
    offered(title="礼盒", enabled=False)
    assert "礼盒" not in text(editor.get(f"{LIST}?state=on"))
    assert "手工课" not in text(editor.get(f"{LIST}?q=礼"))


def test_the_order_page_shows_what_was_filled_in(staff: Cast, offered: Offered) -> None:
    item = offered()
    order = selling.buy(item, "oA", total=9980, answers=[("姓名", "<b>小雨"), ("备注", "")], key="k")
    shown = signed_in(staff.owner).get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    for words in ("姓名", "&lt;b&gt;小雨", f"{LIST}{item.pk}/change/"):
        assert words in shown
