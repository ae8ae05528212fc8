"""Pages to pick from instead of typing an address."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.official.links import offered
from accounts.official.models import OfficialAccount
from menus import drafts
from menus.buttons import Button
from payments.merchants.models import Merchant
from payments.shop.models import Item
from tests.cast import Cast, signed_in
from wechat.articles.models import Article, Draft
from wechat.channels.models import Channel, Code
from wechat.replies.models import Reply, Rule

pytestmark = pytest.mark.django_db

USED = "https://h5.example.com/card"


@pytest.fixture
def pages(account: OfficialAccount) -> OfficialAccount:
    """An item, a published article, a channel with its code, a card in a rule, a button with an address."""
    merchant = Merchant.objects.create(slug="shop", name="商户", mchid="1900000001")
    Item.objects.create(account=account, merchant=merchant, title="春茶", price=100)
    draft = Draft.objects.create(
        account=account, state="published", article_id="A1", published_at=timezone.now(),
        urls=["https://mp.weixin.qq.com/s/1"],
    )  # fmt: skip
    Article.objects.create(draft=draft, title="春季上新")
    channel = Channel.objects.create(account=account, name="门店海报", scene="store")
    Code.objects.create(
        channel=channel, state="ready", ticket="gQ/8=", url="http://weixin.qq.com/q/1", due_at=None
    )
    rule = Rule.objects.create(account=account, name="欢迎", trigger="follow")
    Reply.objects.create(
        rule=rule, position=0, content={"type": "news", "articles": [{"title": "卡片", "url": USED + "?r=1"}]}
    )
    menu = drafts.default_menu(account)
    drafts.save(menu, (Button("aaaa", "会员卡", "view", url=USED),), revision=0, by=None)
    return account


def test_every_app_tells_its_pages(pages: OfficialAccount) -> None:
    links = {link.title: link.url for link in offered(pages)}
    item = Item.objects.get()
    assert links["春茶"].endswith(f"/h5/demo/shop/{item.pk}/")
    assert links["春季上新"] == "https://mp.weixin.qq.com/s/1"
    assert links["门店海报"].endswith("/cgi-bin/showqrcode?ticket=gQ%2F8%3D")
    assert (links["会员卡"], links["卡片"]) == (USED, USED + "?r=1")
    assert any(url.endswith("/h5/demo/shop/orders/") for url in links.values())


def test_what_was_withdrawn_is_not_offered(pages: OfficialAccount) -> None:
    Draft.objects.update(state="withdrawn")
    assert "春季上新" not in [link.title for link in offered(pages)]


def test_pages_are_found_by_their_title_or_address(pages: OfficialAccount) -> None:
    assert [link.title for link in offered(pages, "上新")] == ["春季上新"]
    assert {link.title for link in offered(pages, "EXAMPLE.com/card")} == {"会员卡", "卡片"}
    assert offered(pages, "没有") == []


def test_the_window_shows_them_to_whoever_edits_content(pages: OfficialAccount, staff: Cast) -> None:
    def asked(user: Any, **query: str) -> Any:
        return signed_in(user).get(
            "/admin/official/officialaccount/links/", {"account": str(pages.pk), **query}
        )

    answer = asked(staff.editor, q="春").json()
    assert [each["title"] for each in answer["choices"]] == ["春季上新", "春茶"] or len(
        answer["choices"]
    ) == 2
    (group,) = answer["filters"]
    one = group["options"][1][0]
    assert {
        each["detail"].partition(" · ")[0] for each in asked(staff.editor, group=one).json()["choices"]
    } == {one}
    assert asked(staff.outsider).status_code == 403
    assert asked(staff.nobody).status_code == 403


def test_pages_stay_in_their_account(pages: OfficialAccount, staff: Cast) -> None:
    assert offered(staff.theirs) == []
