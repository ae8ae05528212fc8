"""Search finds everything in an account that has a page, for those who may open the page."""

import pytest
from django.contrib.auth.models import User
from django.db import connection

from accounts.followers import handles, people
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.staff import search
from accounts.staff.models import Withheld
from accounts.staff.rights import SESSION_KEY, Area
from accounts.staff.search import SOURCES, Found, SearchSource
from payments.shop.models import Sale
from tests.cast import Cast, member, signed_in
from tests.console.world import World, openid_of

pytestmark = pytest.mark.django_db

FIND = "/admin/find/"


def found(user: User, wanted: str, shown: OfficialAccount | None = None) -> str:
    client = signed_in(user)
    if shown is not None:
        session = client.session
        session[SESSION_KEY] = shown.pk
        session.save()
    return client.get(FIND, {"q": wanted, "part": "1"}).content.decode()


@pytest.mark.parametrize(
    ("wanted", "label"),
    [
        ("粉丝0", "followers.follower"), ("biaoqian", "followers.tag"), ("fenzu0", "followers.segment"),
        ("问题0", "inbox.inboundmessage"), ("gz0", "replies.rule"), ("词0", "replies.rule"),
        ("tupian0", "materials.asset"), ("qd0", "channels.channel"), ("文章0", "articles.draft"),
        ("huodong", "campaigns.campaign"), ("群发0", "campaigns.masssend"), ("lvcheng", "campaigns.sequence"),
        ("模板0", "pushes.template"), ("商品0", "shop.item"), ("caidan0", "menus.conditional"),
        ("hello0", "desk.cannedanswer"),
    ],
)  # fmt: skip
def test_each_kind_is_found_by_a_part_of_its_name_or_its_pinyin(
    ours: World, staff: Cast, wanted: str, label: str
) -> None:
    row = ours[label]
    meta = row._meta
    address = f"/admin/{meta.app_label}/{meta.model_name}/{row.pk}/change/"
    if label == "followers.tag":
        address = f"/admin/followers/follower/?tag={row.pk}"
    assert f'href="{address}"' in found(staff.owner, wanted)


def test_orders_and_people_are_found_by_their_whole_number(ours: World, staff: Cast) -> None:
    order = ours["orders.order"]
    for number in (order.out_trade_no, order.transaction_id):
        assert f"/admin/orders/order/{order.pk}/change/" in found(staff.owner, number)
    follower = ours["followers.follower"]
    assert f"/admin/followers/follower/{follower.pk}/change/" in found(
        staff.owner, openid_of(ours.account, 0)
    )


def test_an_order_is_found_by_the_end_of_its_number(ours: World, theirs: World, staff: Cast) -> None:
    order = ours["orders.order"]
    text = found(staff.superuser, order.out_trade_no[-4:].lower(), ours.account)
    assert f"/admin/orders/order/{order.pk}/change/" in text
    assert f"/admin/orders/order/{theirs['orders.order'].pk}/change/" not in text


@pytest.mark.parametrize("wanted", ["13800138000", "138 0013 8000", "8000", "中山路"])
def test_a_buyer_is_found_by_what_they_filled_in(ours: World, staff: Cast, wanted: str) -> None:
    sale = ours["shop.sale"]
    Sale.objects.filter(pk=sale.pk).update(answers=[["电话", "138-0013-8000"], ["地址", "中山路 8 号"]])
    address = f"/admin/orders/order/{sale.order_id}/change/"
    assert address in found(staff.owner, wanted)
    assert address not in found(staff.editor, wanted)
    Withheld.objects.create(account=ours.account, role="owner", what=Withheld.What.PERSONS)
    assert address not in found(staff.owner, wanted)


@pytest.mark.parametrize("wanted", ["fs0", "fensi", "小鱼", "xiaoyu", "韩梅", "hanmei"])
def test_a_person_is_found_by_any_of_their_names_or_its_pinyin(ours: World, staff: Cast, wanted: str) -> None:
    follower = ours["followers.follower"]
    Follower.objects.filter(pk=follower.pk).update(nickname="小鱼")
    people.give_name(ours.account.pk, follower.openid, "韩梅梅")
    assert f"/admin/followers/follower/{follower.pk}/change/" in found(staff.owner, wanted)


def test_a_person_without_a_name_is_found_by_their_handle(ours: World, staff: Cast) -> None:
    follower = ours["followers.follower"]
    for written in (handles.handle(follower.openid), handles.handle_name(follower.openid)):
        assert f"/admin/followers/follower/{follower.pk}/change/" in found(staff.owner, written)


def test_pages_and_guides_are_found(staff: Cast) -> None:
    assert 'href="/admin/replies/rule/tester/"' in found(staff.owner, "zdhfcs")
    assert "/admin/help/menus/#" in found(staff.owner, "发布、定时、恢复")


def test_chapters_of_one_name_are_told_apart_by_their_guide(staff: Cast) -> None:
    page = found(staff.owner, "收入")
    assert "数据统计" in page
    assert "收款与退款" in page


def test_nobody_finds_what_they_may_not_open(ours: World, staff: Cast) -> None:
    finance = member("finance", ours.account, "finance")
    assert 'role="option"' not in found(finance, "规则0")
    assert ours["orders.order"].out_trade_no in found(finance, ours["orders.order"].out_trade_no)
    assert "没有结果" in found(staff.editor, ours["orders.order"].out_trade_no)


def test_nothing_of_another_account_is_found(ours: World, theirs: World, staff: Cast) -> None:
    text = found(staff.superuser, "规则0", ours.account)
    assert f"/admin/replies/rule/{ours['replies.rule'].pk}/" in text
    assert f"/admin/replies/rule/{theirs['replies.rule'].pk}/" not in text


def test_what_takes_too_long_is_left_out_and_the_rest_is_found(
    ours: World, staff: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(account: OfficialAccount, wanted: str) -> list[Found]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        return []

    monkeypatch.setattr(search, "MILLISECONDS", 2_000)
    first = {"slow": SearchSource("慢的", "search", Area.CONTENT, slow), **SOURCES.by_name()}
    monkeypatch.setattr(SOURCES, "_known", first)
    text = found(staff.owner, "规则0")
    assert "“慢的”搜索超时" in text
    assert "规则0" in text
