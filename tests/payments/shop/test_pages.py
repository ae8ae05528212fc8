"""The shop as somebody in WeChat meets it; WeChat and WeChat Pay are the simulator's."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.followers import people
from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.orders.models import Order
from payments.orders.states import OrderState
from payments.shop.access import address_of
from payments.shop.models import Item, ItemField, Sale
from tests.login.conftest import Person, _afresh, person
from tests.payments.shop.conftest import Offered
from tests.payments.simulated_merchants import create_merchant
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.login.models import Visitor
from wechat.materials.models import Asset
from wechat.sdk.transport import shared_session

__all__ = ["_afresh", "person"]

MCHID = "1900000109"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture(autouse=True)
def _in_english(settings: Settings) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def merchant(person: Person, simulated: Simulated, account: OfficialAccount) -> Iterator[Merchant]:
    yield create_merchant(simulated, account, MCHID)
    shared_session.cache_clear()


def path(item: Item, rest: str = "") -> str:
    return f"/h5/demo/shop/{item.pk}/{rest}"


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def form_of(answer: Any) -> dict[str, str]:
    """Returns what the page sends if nothing is filled in."""
    return dict(re.findall(r'name="(key|price)" value="(\w+)"', answer.content.decode()))


def order_it(person: Person, item: Item, **filled: str) -> Any:
    form = form_of(person.open_page(path(item, "buy/")))
    return person.browser.post(path(item, "buy/"), {**form, **filled})


def ordered(person: Person, item: Item, **filled: str) -> Order:
    answer = order_it(person, item, **filled)
    assert answer.status_code == 302, text(answer)
    return Order.objects.get()


def at(order: Order, rest: str = "") -> str:
    return f"/h5/demo/shop/orders/{order.out_trade_no}/{rest}"


def test_an_item_is_bought_paid_and_seen(person: Person, offered: Offered, simulated: Simulated) -> None:
    item = offered(description="两小时，含材料", stock=3, each_person=2)
    shown = text(person.open_page(path(item)))
    for words in ("手工课", "¥99.80", "两小时，含材料", "3 left", "At most 2 for each person"):
        assert words in shown
    order = ordered(person, item)
    assert "Not paid yet" in text(person.request(at(order)))
    bridge = person.browser.post(at(order, "pay/")).json()["bridge"]
    assert bridge["signType"] == "RSA"
    simulated.pay(bridge["package"].removeprefix("prepay_id="), order.openid)
    # The browser says it is paid; we do not know that yet.
    assert "is confirming your payment" in text(person.request(at(order, "result/")))
    assert person.request(at(order, "state/")).json() == {"state": "paying"}
    work.run("orders.poll")
    assert person.request(at(order, "state/")).json() == {"state": "paid"}
    assert "Thank you, it is paid" in text(person.request(at(order, "result/")))
    assert person.browser.post(at(order, "pay/")).json() == {"paid": True}
    mine = text(person.request("/h5/demo/shop/orders/"))
    assert "手工课" in mine
    assert "Paid" in mine
    item.refresh_from_db()
    assert (item.sold, item.left) == (1, 2)


def test_the_pages_speak_chinese_unless_the_browser_asks_for_english(
    person: Person, offered: Offered, settings: Settings
) -> None:
    settings.LANGUAGE_CODE = "zh-hans"
    item = offered()
    assert "立即购买" in text(person.open_page(path(item)))
    assert "Buy" in text(person.browser.get(path(item), headers={"Accept-Language": "en"}))
    assert "立即购买" in text(person.browser.get(path(item), headers={"Accept-Language": "fr"}))


def ask(item: Item, *labels: str, **differently: Any) -> list[str]:
    made = [ItemField.objects.create(item=item, label=label, **differently) for label in labels]
    return [f"field{field.pk}" for field in made]


def test_what_is_asked_is_kept_with_the_order(person: Person, offered: Offered) -> None:
    item = offered()
    (name,) = ask(item, "姓名", kind="name")
    (phone,) = ask(item, "手机", kind="phone")
    (size,) = ask(item, "尺码", kind="choice", choices="S\nM\n\n L ")
    (note,) = ask(item, "备注", required=False)
    refused = order_it(person, item, **{name: "小雨<b>", phone: "none", size: "XL"})
    assert "This is no telephone number." in text(refused)
    # What was right is still there, and harmless.
    assert "小雨&lt;b&gt;" in refused.content.decode()
    assert not Order.objects.exists()
    order = ordered(person, item, **{name: "小雨", phone: "138 0000 0000", size: "L", note: ""})
    kept = [["姓名", "小雨"], ["手机", "138 0000 0000"], ["尺码", "L"], ["备注", ""]]
    assert Sale.objects.get(order=order).answers == kept
    assert "138 0000 0000" in text(person.request(at(order)))
    assert people.one(order.account_id, order.openid).name == dict(kept)["姓名"]


@pytest.mark.parametrize("number", ["none", "12345", "1-2-3-4-5-6", "(010)"])
def test_what_has_too_few_digits_is_no_telephone_number(
    person: Person, offered: Offered, number: str
) -> None:
    item = offered()
    (phone,) = ask(item, "手机", kind="phone")
    assert "This is no telephone number." in text(order_it(person, item, **{phone: number}))
    assert not Order.objects.exists()


def test_a_telephone_number_may_be_typed_in_full_width(person: Person, offered: Offered) -> None:
    item = offered()
    (phone,) = ask(item, "手机", kind="phone")
    order = ordered(person, item, **{phone: "　＋８６　１３８００００００００"})
    assert Sale.objects.get(order=order).answers == [["手机", "+86 13800000000"]]


def test_a_telephone_number_may_have_its_area_code_in_brackets(person: Person, offered: Offered) -> None:
    item = offered()
    (phone,) = ask(item, "电话", kind="phone")
    order = ordered(person, item, **{phone: "（010）8888 6666"})
    assert Sale.objects.get(order=order).answers == [["电话", "(010)8888 6666"]]


def test_what_is_missing_is_said_field_by_field(person: Person, offered: Offered) -> None:
    item = offered()
    ask(item, "姓名", "手机")
    refused = text(order_it(person, item))
    assert "Please fill in “姓名”." in refused
    assert "Please fill in “手机”." in refused


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("", "Enter an amount."),
        ("abc", "Enter an amount such as 12.34."),
        ("1.005", "Enter an amount such as 12.34."),
        ("1e1", "Enter an amount such as 12.34."),
        ("1_0", "Enter an amount such as 12.34."),
        ("１ｅ２", "Enter an amount such as 12.34."),
        ("１_０", "Enter an amount such as 12.34."),
        ("十二", "Enter an amount such as 12.34."),
        ("١٢", "Enter an amount such as 12.34."),
        ("+5", "Enter an amount such as 12.34."),
        ("12,34", "Enter an amount such as 12.34."),
        ("NaN", "Enter an amount such as 12.34."),
        ("0.99", "Between ¥1.00 and ¥50.00, please."),
        ("50.01", "Between ¥1.00 and ¥50.00, please."),
        ("-5", "Between ¥1.00 and ¥50.00, please."),
    ],
)
def test_an_amount_out_of_bounds_is_refused(
    person: Person, offered: Offered, amount: str, sentence: str
) -> None:
    item = offered(price=None, least=100, most=5000)
    assert sentence in text(order_it(person, item, amount=amount))
    assert not Order.objects.exists()


@pytest.mark.parametrize("amount", [" ¥19.99 ", "￥１９．９９", "19。99 元"])
def test_a_chosen_amount_is_exact_to_the_fen(person: Person, offered: Offered, amount: str) -> None:
    item = offered(price=None, least=1, most=5000)
    assert ordered(person, item, amount=amount).total == 1999


def test_a_price_that_changed_meanwhile_is_not_paid_unasked(person: Person, offered: Offered) -> None:
    item = offered()
    form = form_of(person.open_page(path(item, "buy/")))
    Item.objects.update(price=10000)
    refused = person.browser.post(path(item, "buy/"), form)
    assert (refused.status_code, "¥100.00" in text(refused)) == (409, True)
    assert person.browser.post(path(item, "buy/"), form_of(refused)).status_code == 302
    assert Order.objects.get().total == 10000


def test_the_form_sent_twice_is_one_order(person: Person, offered: Offered) -> None:
    item = offered()
    form = form_of(person.open_page(path(item, "buy/")))
    sent = [person.browser.post(path(item, "buy/"), form)["Location"] for _again in range(2)]
    assert sent[0] == sent[1]
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"stock": 0}, "Sold out."),
        ({"enabled": False}, "This is not on sale."),
        ({"opens_at": timezone.now() + datetime.timedelta(days=1)}, "On sale from"),
        ({"ends_at": timezone.now() - datetime.timedelta(days=1)}, "The sale ended on"),
    ],
)
def test_what_cannot_be_bought_says_why(person: Person, offered: Offered, given: Any, sentence: str) -> None:
    item = offered()
    form = form_of(person.open_page(path(item, "buy/")))
    Item.objects.update(**given)
    shown = person.request(path(item))
    assert sentence in text(shown)
    assert "/buy/" not in shown.content.decode()
    refused = person.browser.post(path(item, "buy/"), form)
    assert (refused.status_code, sentence in text(refused)) == (409, True)
    for page in (refused, person.request(path(item, "buy/")), person.browser.post(path(item, "buy/"), {})):
        assert sentence in text(page)
        assert "Order and pay" not in text(page)
    assert not Order.objects.exists()


def test_an_unpaid_order_is_led_back_to_and_can_be_cancelled(person: Person, offered: Offered) -> None:
    item = offered(stock=1)
    order = ordered(person, item)
    assert "Go on to pay your order" in text(person.request(path(item)))
    assert "Go on to pay your order" in text(person.request(path(item, "buy/")))
    assert person.browser.get(at(order, "cancel/")).status_code == 405
    assert person.browser.post(at(order, "cancel/")).status_code == 302
    assert "Being cancelled" in text(person.request(at(order)))
    assert person.browser.post(at(order, "pay/")).status_code == 409
    work.run("orders.poll")
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED
    assert "Cancelled, not paid" in text(person.request(at(order, "result/")))
    assert "1 left" in text(person.request(path(item)))


def test_who_holds_the_last_piece_is_not_told_that_it_is_sold_out(person: Person, offered: Offered) -> None:
    item = offered(stock=1, each_person=1)
    ordered(person, item)
    shown = text(person.request(path(item, "buy/")))
    assert "You have an order of this that is not paid yet" in shown
    assert "Go on to pay your order" in shown


def test_an_order_whose_time_is_over_is_not_offered_for_payment(person: Person, offered: Offered) -> None:
    """Whether or not a worker has closed it already."""
    order = ordered(person, offered())
    assert person.browser.post(at(order, "pay/")).json()["bridge"]
    Order.objects.update(expires_at=timezone.now())
    assert person.browser.post(at(order, "pay/")).json() == {"over": True}
    shown = person.request(at(order))
    assert "Being cancelled" in text(shown)
    assert "Pay with WeChat" not in text(shown)
    # The page goes on by itself, as soon as the worker that it has woken has closed the order.
    assert "data-wait" in shown.content.decode()
    assert "Being cancelled" in text(person.request("/h5/demo/shop/orders/"))
    work.run("orders.poll")
    assert "Order again" in text(person.request(at(order)))


def test_without_an_answer_of_wechat_pay_it_can_be_tried_again(
    person: Person, offered: Offered, simulated: Simulated
) -> None:
    order = ordered(person, offered())
    simulated.sim("/pay/faults", {"mchid": MCHID, "at": "/v3/pay/transactions/jsapi", "status": 500,
                                  "code": "SYSTEM_ERROR", "times": 9})  # fmt: skip
    refused = person.browser.post(at(order, "pay/"))
    assert (refused.status_code, "try again" in refused.json()["problem"]) == (503, True)


def test_outside_wechat_there_is_a_code_and_no_login(offered: Offered) -> None:
    shown = Client().get(path(offered()))
    assert (shown.status_code, "data:image/svg+xml" in shown.content.decode()) == (403, True)
    assert Client().get(path(offered()), {"x": "a" * 5_000}).status_code == 404
    assert "Please open this page in WeChat" in text(shown)
    assert not Visitor.objects.exists()


def test_an_order_is_seen_by_nobody_else(person: Person, offered: Offered, simulated: Simulated) -> None:
    order = ordered(person, offered())
    other = Person(simulated, name="bob")
    other.open_page(path(order.sale.item))
    for rest in ("", "result/", "state/"):
        assert other.request(at(order, rest)).status_code == 404
    for rest in ("pay/", "cancel/"):
        assert other.browser.post(at(order, rest)).status_code == 404
    assert order.out_trade_no not in text(other.request("/h5/demo/shop/orders/"))


def test_an_item_of_another_account_is_not_there(person: Person, offered: Offered) -> None:
    theirs = OfficialAccount.objects.create(slug="x", name="x", appid="wx1", token="t", mode="plain")
    item = offered(account=theirs)
    person.open_page(path(offered()))
    assert person.request(path(item)).status_code == 404
    assert person.request("/h5/demo/shop/999999999999/").status_code == 404


def test_the_picture_is_for_everybody(offered: Offered, account: OfficialAccount, tmp_path: Path) -> None:
    asset = Asset(account=account, name="a", content_type="image/png", size=len(PNG), due_at=timezone.now())
    asset.file.save("a.png", ContentFile(PNG))
    item = offered(picture=asset)
    shown = Client().get(path(item, "picture/"))
    assert b"".join(shown) == PNG
    assert "public" in shown["Cache-Control"]
    assert Client().get(path(offered(), "picture/")).status_code == 404


def test_a_form_from_elsewhere_is_refused(person: Person, offered: Offered) -> None:
    person.open_page(path(offered()))
    person.browser.handler.enforce_csrf_checks = True
    assert person.browser.post(path(Item.objects.get(), "buy/"), {}).status_code == 403


def test_the_address_for_the_menu_is_a_whole_one(offered: Offered, settings: Settings) -> None:
    item = offered()
    assert address_of(item) == f"{settings.PUBLIC_URL}{path(item)}"
    assert urlsplit(address_of(item)).netloc
