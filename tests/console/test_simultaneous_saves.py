"""Two people who save at the same moment: the second sees what the first did, and no page fails."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from accounts.approvals.models import Approval, ApprovalLimit
from accounts.followers import erasing, tagging
from accounts.followers.models import AutoTag, Change, Follower, Segment, Tag
from accounts.followers.segments import Condition
from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from tests.cast import Cast, signed_in
from tests.locks import met_by
from wechat.articles.models import Article, Draft
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_rows_of_one_name_the_second_is_refused_with_a_sentence(
    account: OfficialAccount, staff: Cast
) -> None:
    browser, posted = signed_in(staff.owner), {"account": account.pk, "name": "常客"}
    (answer,) = met_by(
        lambda: Tag.objects.create(account=account, name="常客"),
        lambda: browser.post(reverse("admin:followers_tag_add"), posted),
    )
    assert (answer.status_code, Tag.objects.count()) == (200, 1)
    assert answer.context["adminform"].form.errors


def test_of_two_segments_of_one_name_the_second_is_refused_with_a_sentence(
    account: OfficialAccount, staff: Cast
) -> None:
    browser = signed_in(staff.owner)
    posted = {"account": account.pk, "name": "常客", "match": "all", "save": "1"}
    (answer,) = met_by(
        lambda: Segment.objects.create(account=account, name="常客"),
        lambda: browser.post(reverse("admin:followers_segment_add"), posted),
    )
    assert "同名" in answer.content.decode()


def test_of_two_colleagues_with_one_username_the_second_is_refused_with_a_sentence(staff: Cast) -> None:
    browser = signed_in(staff.owner)
    posted = {
        "account": staff.ours.pk, "name": "李雷", "username": "lilei", "email": "",
        "role": StaffRight.Role.EDITOR, "accounts": [staff.ours.pk],
    }  # fmt: skip
    (answer,) = met_by(
        lambda: User.objects.create_user("lilei"),
        lambda: browser.post(reverse("admin:staff_invite"), posted),
    )
    assert answer.status_code == 200
    assert answer.context["form"].errors["username"]


def test_what_a_form_chose_and_somebody_deletes_just_then_is_named_as_no_choice(
    account: OfficialAccount, staff: Cast
) -> None:
    browser, tag = signed_in(staff.owner), Tag.objects.create(account=account, name="常客", platform_id=101)
    segment = Segment.objects.create(account=account, name="活跃")
    posted = {"account": account.pk, "segment": segment.pk, "tag": tag.pk, "enabled": "on"}
    (answer,) = met_by(segment.delete, lambda: browser.post(reverse("admin:followers_autotag_add"), posted))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["segment"]
    assert not AutoTag.objects.exists()
    assert not list(answer.context["messages"])


def test_of_two_accounts_of_one_short_name_the_second_is_asked_for_another(staff: Cast) -> None:
    browser = signed_in(staff.superuser)
    browser.post(reverse("operations_setup"), {"kind": "service", "name": "新店", "slug": "new-shop"})
    keys = {"appid": "wx7d4e0123456789ab", "new_appsecret": "0" * 32, "original_id": ""}
    (answer,) = met_by(
        lambda: OfficialAccount.objects.create(slug="new-shop", name="老店", token="token", mode="plain"),
        lambda: browser.post(reverse("operations_setup"), keys),
    )
    assert answer["Location"] == f"{reverse('operations_setup')}?step=name"


def test_who_is_untagged_just_as_they_are_erased_is_erased(account: OfficialAccount, staff: Cast) -> None:
    tag = Tag.objects.create(account=account, name="常客", platform_id=101)
    follower = Follower.objects.create(account=account, openid="oBusy", remark="王")
    follower.tags.add(tag)
    browser, page = signed_in(staff.owner), reverse("admin:followers_erase", args=[follower.pk])
    (answer,) = met_by(
        lambda: tagging.remove(tag, [follower.pk]), lambda: browser.post(page, {"word": "清除"})
    )
    follower.refresh_from_db()
    assert (answer.status_code, follower.remark) == (302, "")
    assert list(Change.objects.filter(tag=tag).values_list("desired", flat=True)) == ["no"]


def test_who_is_erased_just_as_an_automatic_tag_finds_them_does_not_get_it(account: OfficialAccount) -> None:
    tag = Tag.objects.create(account=account, name="常客", platform_id=101)
    remarked: list[Condition] = [{"field": "remark", "compare": "contains", "value": "王"}]
    segment = Segment.objects.create(account=account, name="老客", conditions=remarked)
    AutoTag.objects.create(account=account, segment=segment, tag=tag)
    follower = Follower.objects.create(account=account, openid="oBusy", remark="王")
    (taken,) = met_by(lambda: erasing.erase(follower), lambda: work.run("followers.run_auto_tags"))
    assert (taken, follower.tags.count()) == (1, 0)


def test_what_is_approved_just_as_it_is_asked_for_again_is_decided_once(
    account: OfficialAccount, staff: Cast
) -> None:
    """The one who asks holds the article and the one who approves holds the approval; each needs both."""
    ApprovalLimit.objects.create(account=account, action="article_publication", role="owner", alone_up_to=0)
    draft = Draft.objects.create(account=account)
    Article.objects.create(draft=draft, title="周末活动", content="<p>到店有礼</p>")
    page, asked = reverse("admin:articles_publish", args=[draft.pk]), {"at": "", "revision": draft.revision}
    owner, superuser = signed_in(staff.owner), signed_in(staff.superuser)
    owner.post(page, asked)
    first = Approval.objects.get()

    def approve() -> Any:
        return superuser.post(reverse("admin:approvals_approval", args=[first.pk]), {"agreed": "1"})

    answers = met_by(
        lambda: Approval.objects.select_for_update().get(pk=first.pk),
        approve,
        lambda: owner.post(page, asked),
    )
    assert [answer.status_code for answer in answers] == [302, 302]
    draft.refresh_from_db()
    states = list(Approval.objects.order_by("pk").values_list("state", flat=True))
    assert (states, draft.work) in [(["approved"], "publish"), (["taken_back", "waiting"], "")]
