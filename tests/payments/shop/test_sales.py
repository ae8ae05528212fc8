"""Buyers of an item, for those who may see them: who has paid, what they filled in, who has their goods."""

import re
from typing import Any, cast

import pytest
from django.db import connection
from django.test import Client

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from payments.orders.refunds import refunding
from payments.shop import selling
from payments.shop.admin.sales import SaleFilter
from payments.shop.models import Item, Sale
from tests.cast import Cast, signed_in
from tests.payments.shop.conftest import Offered
from tests.payments.world import notify, notify_refund

SALES = "/admin/shop/sale/"


def sold(item: Item, name: str, *, paid: bool = True) -> Sale:
    order = selling.buy(item, f"o{name}", total=9980, answers=[("姓名", name), ("备注", "")], key=name)
    if paid:
        assert notify(order, transaction_id=f"4200{name}").status_code == 204
    return order.sale


def shown(client: Client, path: str = "") -> str:
    answer: Any = client.get(f"{SALES}{path}")
    assert answer.status_code == 200
    content = b"".join(answer) if answer.streaming else answer.content
    return str(content.decode())


def exported(client: Client, account: OfficialAccount, item: object) -> Any:
    return client.post(f"{SALES}export/", {"account": account.pk, "item": item})


def lines_of(money: Client, item: Item) -> list[str]:
    """Returns the lines of the file of an item's buyers."""
    answer = exported(money, item.account, item.pk)
    assert answer.status_code == 200
    return str(b"".join(answer).decode()).splitlines()


def test_the_buyers_of_an_item_and_what_they_filled_in_are_listed(money: Client, offered: Offered) -> None:
    course, cup = offered(), offered(title="杯子")
    sold(course, "小雨")
    sold(cup, "小风")
    sold(course, "没付款的人", paid=False)
    everything = shown(money)
    assert "姓名：小雨" in everything
    assert "小风" in everything
    assert "没付款的人" not in everything
    assert "小风" not in shown(money, f"?item={course.pk}")


def test_what_is_delivered_is_marked_and_found_again(money: Client, offered: Offered, staff: Cast) -> None:
    first, second = (sold(offered(), name) for name in ("小雨", "小风"))
    chosen = {"action": "deliver", "_selected_action": [first.pk]}
    for user in (staff.auditor, staff.outsider, staff.editor):
        signed_in(user).post(SALES, chosen)
    first.refresh_from_db()
    assert first.fulfilment == "open"
    money.post(SALES, chosen)
    first.refresh_from_db()
    assert (first.fulfilment, first.fulfilled_at is None) == ("done", False)
    assert second.openid in shown(money, f"{second.pk}/change/")
    open_ones = shown(money, "?fulfilment=open")
    assert "小风" in open_ones
    assert "小雨" not in open_ones
    money.post(f"{SALES}{first.pk}/change/", {"fulfilment_note": "顺丰 SF1"})
    first.refresh_from_db()
    assert (first.fulfilment, first.fulfilment_note) == ("done", "顺丰 SF1")


def test_the_buyers_are_exported_for_those_who_may_and_that_is_kept(
    money: Client, offered: Offered, staff: Cast
) -> None:
    item = offered()
    sold(item, "=小雨")
    sale = sold(item, "小风")
    Sale.objects.filter(pk=sale.pk).update(answers=[["姓名", "小风"], ["尺码", "L"]])
    lines = lines_of(money, item)
    assert lines[0] == "\ufeff订单号,付款时间,OpenID,付款人,金额（元）,状态,交付,交付方式,姓名,备注,尺码"
    assert lines[1].endswith(",'=小雨,,")
    assert lines[2].endswith(",小风,,L")
    for user in (staff.editor, staff.service, staff.outsider):
        assert exported(signed_in(user), item.account, item.pk).status_code == 403
    assert exported(money, item.account, "x").status_code == 404
    assert money.get(f"{SALES}export/?item={item.pk}").status_code == 405
    history = signed_in(staff.owner).get(f"/admin/shop/item/{item.pk}/history/").content.decode()
    assert "导出了购买者填写的内容" in re.sub(r"<[^>]+>", "", history)


def test_the_file_is_offered_of_the_item_whose_buyers_are_listed(
    money: Client, offered: Offered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.shop.admin.sales.OFFERED", 1)
    course, cup = offered(), offered(title="杯子")
    for page, first in (("", cup), (f"?item={course.pk}", course)):
        choices = shown(money, page).partition('id="id_export_item"')[2]
        assert re.findall(r'<option value="(\d+)"', choices)[0] == str(first.pk)


def test_answers_to_questions_of_the_same_words_are_all_exported(money: Client, offered: Offered) -> None:
    item = offered()
    for name, answers in (
        ("小雨", [["尺码", "S"], ["姓名", "小雨"], ["尺码", "L"]]),
        ("小风", [["尺码", "M"]]),
    ):
        Sale.objects.filter(pk=sold(item, name).pk).update(answers=answers)
    lines = lines_of(money, item)
    assert lines[0].endswith(",尺码,姓名,尺码 (2)")
    assert [line.endswith(end) for line, end in zip(lines[1:], (",S,小雨,L", ",M,,"), strict=True)] == [
        True
    ] * 2


def test_who_got_all_their_money_back_gets_nothing_any_more(money: Client, offered: Offered) -> None:
    sale = sold(offered(), "小雨")
    sale.order.refresh_from_db()
    assert notify_refund(refunding.request(sale.order, 9980, source="test", key="r")).status_code == 204
    assert "小雨" not in shown(money, "?fulfilment=open")
    money.post(SALES, {"action": "deliver", "_selected_action": [sale.pk]})
    sale.refresh_from_db()
    assert sale.fulfilment == "open"
    assert "已退款" in shown(money)


def test_a_sale_is_found_by_its_number_and_by_the_name_of_its_buyer_in_indexes(
    money: Client, offered: Offered, account: OfficialAccount
) -> None:
    course = offered()
    first, second = (sold(course, name) for name in ("小雨", "小风"))
    Follower.objects.create(account=account, openid=second.openid, remark="风铃")
    for wanted, found, other in ((str(first.order), first, second), ("风铃", second, first)):
        html = shown(money, f"?q={wanted}")
        assert (str(found.order) in html, str(other.order) in html) == (True, False)
    form = SaleFilter({"q": str(first.order)})
    cast(Any, form.fields["item"]).queryset = Item.objects.all()
    assert form.is_valid()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "Seq Scan" not in form.narrow(Sale.objects.order_by()).explain()
