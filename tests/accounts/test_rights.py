import pytest
from django.test import Client
from django.urls import reverse

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from accounts.staff.rights import CHANGES, VIEWS, Area, Rights
from tests.cast import Cast, member, message, signed_in

pytestmark = pytest.mark.django_db

LOG = "/admin/inbox/inboundmessage/"


def test_every_role_is_in_both_tables_and_may_see_what_it_may_change() -> None:
    assert set(CHANGES) == set(VIEWS) == set(StaffRight.Role.values)
    assert all(CHANGES[role] <= VIEWS[role] for role in StaffRight.Role.values)


def test_two_roles_in_one_account_add_up(staff: Cast) -> None:
    StaffRight.objects.create(user=staff.editor, account=staff.ours, role=StaffRight.Role.SERVICE)
    rights = Rights.of(staff.editor)
    assert rights.may_change(Area.CONTENT, staff.ours.pk)
    assert rights.may_change(Area.MESSAGES, staff.ours.pk)
    assert not rights.may_change(Area.SETTINGS, staff.ours.pk)


def test_rights_end_with_the_account_they_were_given_for(staff: Cast) -> None:
    rights = Rights.of(staff.owner)
    assert all(rights.may_change(area, staff.ours.pk) for area in Area)
    assert not any(rights.may_view(area, staff.theirs.pk) for area in Area)


def test_somebody_who_is_not_staff_any_more_has_no_rights(staff: Cast) -> None:
    staff.owner.is_active = False
    assert not Rights.of(staff.owner).accounts


def pages_of_ours(account: OfficialAccount) -> list[str]:
    follower = Follower.objects.create(account=account, openid="oFollower000000000000000001")
    tag = Tag.objects.create(account=account, name="VIP")
    row = message(account, "你好")
    return [
        reverse("admin:official_officialaccount_change", args=(account.pk,)),
        reverse("admin:followers_follower_change", args=(follower.pk,)),
        reverse("admin:followers_tag_change", args=(tag.pk,)),
        reverse("admin:inbox_inboundmessage_change", args=(row.pk,)),
        reverse("admin:inbox_conversation", args=(account.pk, row.openid)),
    ]


def test_an_owner_opens_every_page_of_the_account(staff: Cast) -> None:
    for page in pages_of_ours(staff.ours):
        assert signed_in(staff.owner).get(page).status_code == 200, page


def test_an_owner_of_another_account_opens_none_of_them(staff: Cast) -> None:
    for page in pages_of_ours(staff.ours):
        assert signed_in(staff.outsider).get(page).status_code in {302, 404}, page


def test_staff_without_any_right_open_none_of_them(staff: Cast) -> None:
    for page in [*pages_of_ours(staff.ours), LOG, "/admin/inbox/inboundmessage/unanswered/"]:
        assert signed_in(staff.nobody).get(page).status_code in {302, 403, 404}, page


def test_strangers_are_sent_to_the_sign_in_page(staff: Cast) -> None:
    for page in [*pages_of_ours(staff.ours), LOG]:
        assert Client().get(page)["Location"].startswith("/admin/login/"), page


@pytest.mark.parametrize("page", [LOG, "/admin/inbox/inboundmessage/unanswered/", "/admin/"])
def test_lists_show_nothing_of_other_accounts(staff: Cast, page: str) -> None:
    message(staff.ours, "ours-secret-question")
    message(staff.theirs, "theirs-question")
    ours = signed_in(staff.owner).get(page).content.decode()
    theirs = signed_in(staff.outsider).get(page).content.decode()
    assert "theirs-question" not in ours
    assert "ours-secret-question" not in theirs


def test_a_superuser_sees_one_account_at_a_time(staff: Cast) -> None:
    message(staff.ours, "ours-question")
    message(staff.theirs, "theirs-question")
    client = signed_in(staff.superuser)
    client.post(reverse("switch_account"), {"account": staff.theirs.pk})
    page = client.get(LOG).content.decode()
    assert "theirs-question" in page
    assert "ours-question" not in page


def test_opening_something_moves_the_switcher_to_its_account(staff: Cast) -> None:
    row = message(staff.theirs, "theirs-question")
    client = signed_in(staff.superuser)
    client.post(reverse("switch_account"), {"account": staff.ours.pk})
    client.get(reverse("admin:inbox_inboundmessage_change", args=(row.pk,)))
    assert "theirs-question" in client.get(LOG).content.decode()


def test_nobody_switches_to_an_account_that_is_not_theirs(staff: Cast) -> None:
    message(staff.theirs, "theirs-question")
    client = signed_in(staff.owner)
    client.post(reverse("switch_account"), {"account": staff.theirs.pk})
    assert "theirs-question" not in client.get(LOG).content.decode()


def test_the_switch_leads_nowhere_outside(staff: Cast) -> None:
    answer = signed_in(staff.owner).post(
        reverse("switch_account"), {"account": staff.ours.pk, "next": "https://example.com/"}
    )
    assert answer["Location"] == "/admin/"


def test_something_added_belongs_to_the_account_the_page_was_about(staff: Cast) -> None:
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role=StaffRight.Role.OWNER)
    client = signed_in(staff.owner)
    client.post(reverse("switch_account"), {"account": staff.theirs.pk})
    client.post(reverse("admin:followers_tag_add"), {"account": staff.ours.pk, "name": "VIP"})
    assert Tag.objects.get().account == staff.ours


def test_nothing_is_added_to_an_account_of_others(staff: Cast) -> None:
    answer = signed_in(staff.owner).post(
        reverse("admin:followers_tag_add"), {"account": staff.theirs.pk, "name": "VIP"}
    )
    assert answer.status_code == 403
    assert not Tag.objects.exists()


def test_a_tag_of_another_account_cannot_be_given(staff: Cast) -> None:
    follower = Follower.objects.create(account=staff.ours, openid="oFollower000000000000000001")
    foreign = Tag.objects.create(account=staff.theirs, name="VIP")
    client = signed_in(staff.superuser)
    page = reverse("admin:followers_follower_change", args=(follower.pk,))
    client.post(page, {"remark": "老王", "tags": [foreign.pk]})
    assert not follower.tags.exists()


def test_an_auditor_looks_and_changes_nothing(staff: Cast) -> None:
    tag = Tag.objects.create(account=staff.ours, name="VIP")
    client = signed_in(staff.auditor)
    page = reverse("admin:followers_tag_change", args=(tag.pk,))
    assert client.get(page).status_code == 200
    assert client.post(page, {"name": "changed"}).status_code == 403
    assert client.get(reverse("admin:followers_tag_add")).status_code == 403


def test_an_editor_does_not_come_near_the_keys(staff: Cast) -> None:
    page = reverse("admin:official_officialaccount_change", args=(staff.ours.pk,))
    assert signed_in(staff.editor).get(page).status_code in {302, 403}


def test_only_superusers_make_staff(staff: Cast) -> None:
    assert signed_in(staff.owner).get(reverse("admin:auth_user_add")).status_code == 403
    assert signed_in(staff.superuser).get(reverse("admin:auth_user_add")).status_code == 200


def test_a_member_of_two_accounts_sees_both_in_the_switcher(staff: Cast) -> None:
    both = member("both", staff.ours, StaffRight.Role.EDITOR)
    StaffRight.objects.create(user=both, account=staff.theirs, role=StaffRight.Role.AUDITOR)
    page = signed_in(both).get("/admin/").content.decode()
    assert staff.ours.name in page
    assert staff.theirs.name in page
