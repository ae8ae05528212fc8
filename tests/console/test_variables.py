"""Variables of texts by the names that staff know them by, on every page that shows what was written."""

from typing import Any

import lxml.html
import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse

from tests.cast import Cast, signed_in
from tests.console.world import World
from wechat.campaigns.models import SequenceStep, Variant
from wechat.channels.models import Welcome
from wechat.desk.models import CannedAnswer
from wechat.replies.models import Reply, Rule

pytestmark = pytest.mark.django_db

TEXT = {"type": "text", "content": '您好{remark|朋友}，<a href="https://a.cn/">{account}</a>'}
# What is typed into stays as it is typed.
TYPED = "//textarea | //input | //script | //template | //text-editor"


@pytest.fixture
def saying(ours: World) -> World:
    """The world in which everything that is said has variables."""
    Welcome.objects.create(channel=ours["channels.channel"], audience="new", content=TEXT)
    for model in (Reply, Variant, SequenceStep, CannedAnswer, Welcome):
        model.objects.update(content=TEXT)
    Rule.objects.update(hands_to="desk", away_text="{remark|朋友}，明天回复")
    return ours


def read(user: User, address: str) -> str:
    page: Any = lxml.html.fromstring(signed_in(user).get(address).content.decode())
    for typed in page.xpath(TYPED):
        typed.drop_tree()
    return str(page.get_element_by_id("content").text_content())


@pytest.mark.parametrize(
    "label",
    ["replies.rule", "channels.channel", "campaigns.campaign", "campaigns.sequence", "desk.cannedanswer"],
)
@pytest.mark.parametrize("who", ["owner", "auditor"])
def test_a_variable_is_read_by_its_name(saying: World, staff: Cast, label: str, who: str) -> None:
    row: Model = saying[label]
    name = f"{row._meta.app_label}_{row._meta.model_name}"
    user: User = getattr(staff, who)
    listed, opened = (
        read(user, reverse(f"admin:{name}_changelist")),
        read(user, reverse(f"admin:{name}_change", args=[row.pk])),
    )
    for text in (listed, opened):
        assert "{remark" not in text
        assert "{account" not in text
    assert "〔备注名 / 朋友〕" in listed + opened or who == "owner"


def test_what_was_searched_for_is_shown_with_names(saying: World, staff: Cast) -> None:
    answer = signed_in(staff.owner).get("/admin/find/", {"q": "gz0", "part": "1"}).content.decode()
    assert "规则0" in answer
    assert "{remark" not in answer
