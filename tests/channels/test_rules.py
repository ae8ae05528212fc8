"""Rules about a channel are made by choosing it."""

import pytest

from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.channels.conftest import ChannelMaker
from wechat.replies import describing
from wechat.replies.models import Rule

pytestmark = pytest.mark.django_db


def form(rule: Rule, scene: str) -> dict[str, object]:
    """Returns what the page of a rule with one text sends."""
    return {
        "account": rule.account_id, "name": rule.name, "enabled": "on", "trigger": "scan", "scene": scene,
        "strategy": "all", "keywords-TOTAL_FORMS": 0, "keywords-INITIAL_FORMS": 0, "replies-TOTAL_FORMS": 1,
        "replies-INITIAL_FORMS": 0, "replies-0-kind": "text", "replies-0-text": "好", "replies-0-position": 0,
    }  # fmt: skip


@pytest.fixture
def rule(account: OfficialAccount) -> Rule:
    return Rule.objects.create(account=account, name="渠道规则", trigger="scan", scene="printed-2019")


def test_the_accounts_channels_are_offered_and_nobody_elses(
    rule: Rule, channel: ChannelMaker, staff: Cast
) -> None:
    ours, theirs = channel("一号店"), channel("别家", account=staff.theirs)
    page = signed_in(staff.editor).get(f"/admin/replies/rule/{rule.pk}/change/").content.decode()
    assert f'<option value="{ours.scene}">一号店</option>' in page
    assert theirs.scene not in page


def test_a_rule_is_given_a_channel(rule: Rule, channel: ChannelMaker, staff: Cast) -> None:
    shop = channel("一号店")
    signed_in(staff.editor).post(f"/admin/replies/rule/{rule.pk}/change/", form(rule, shop.scene))
    rule.refresh_from_db()
    assert rule.scene == shop.scene
    assert describing.answers_to(rule) == "一号店"


@pytest.mark.parametrize("scene", ["printed-2019", ""])
def test_a_code_that_was_made_elsewhere_stays_in_its_rule(rule: Rule, staff: Cast, scene: str) -> None:
    signed_in(staff.editor).post(f"/admin/replies/rule/{rule.pk}/change/", form(rule, scene))
    rule.refresh_from_db()
    assert rule.scene == scene


def test_a_scene_that_is_made_up_is_refused(rule: Rule, channel: ChannelMaker, staff: Cast) -> None:
    theirs = channel(account=staff.theirs)
    page = signed_in(staff.editor).post(f"/admin/replies/rule/{rule.pk}/change/", form(rule, theirs.scene))
    assert page.status_code == 200
    rule.refresh_from_db()
    assert rule.scene == "printed-2019"
