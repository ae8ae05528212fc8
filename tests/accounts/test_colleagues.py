"""Owners invite colleagues, change what they may do and let them go; nobody reaches into other accounts."""

import datetime
import re

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.staff.models import StaffRight
from tests.cast import PASSWORD, Cast, member, signed_in

pytestmark = pytest.mark.django_db

NEW = "a quite long password"


def invited(staff: Cast, **changed: object) -> str:
    """Invites a colleague; returns the page that the owner reads afterwards."""
    given = {
        "account": staff.ours.pk, "name": "李雷", "username": "li.lei", "accounts": [staff.ours.pk],
        "role": "editor", **changed,
    }  # fmt: skip
    return signed_in(staff.owner).post(reverse("admin:staff_invite"), given).content.decode()


def link_in(text: str) -> str:
    found = re.search(r"/admin/welcome/[^\s<\"]+", text)
    assert found is not None
    return found[0]


def page_of(user: User, name: str = "staff_colleague") -> str:
    return reverse(f"admin:{name}", args=(user.pk,))


def set_password(browser: Client, link: str, password: str = NEW) -> int:
    form = browser.get(link, follow=True)
    address = form.redirect_chain[-1][0] if form.redirect_chain else link
    return browser.post(address, {"new_password1": password, "new_password2": password}).status_code


def test_an_invited_colleague_sets_a_password_and_works_in_that_account(staff: Cast) -> None:
    link = link_in(invited(staff))
    colleague = Client()
    assert set_password(colleague, link) == 302
    assert colleague.post("/admin/login/", {"username": "li.lei", "password": NEW}).status_code == 302
    assert colleague.get(reverse("admin:replies_rule_changelist")).status_code == 200
    assert colleague.get(reverse("admin:staff_colleagues")).status_code == 403


def test_the_link_works_once(staff: Cast) -> None:
    link = link_in(invited(staff))
    set_password(Client(), link)
    assert "已用过" in Client().get(link).content.decode()
    assert set_password(Client(), link, "another long password") == 200
    assert User.objects.get(username="li.lei").check_password(NEW)


def test_the_link_ends_after_three_days(staff: Cast) -> None:
    link = link_in(invited(staff))
    with time_machine.travel(timezone.now() + datetime.timedelta(days=4)):
        assert "已用过" in Client().get(link).content.decode()


def test_a_link_that_was_changed_opens_nothing(staff: Cast) -> None:
    link = link_in(invited(staff))
    assert "已用过" in Client().get(f"{link[:-3]}xx/").content.decode()


def test_the_link_is_mailed_where_the_server_can_send_mail(staff: Cast, settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    page = invited(staff, email="lilei@example.com")
    assert link_in(page) in mail.outbox[0].body
    assert mail.outbox[0].to == ["lilei@example.com"]


def test_without_a_mail_server_nothing_is_mailed(staff: Cast) -> None:
    invited(staff, email="lilei@example.com")
    assert mail.outbox == []


def test_nobody_is_invited_into_an_account_of_others(staff: Cast) -> None:
    invited(staff, accounts=[staff.theirs.pk])
    assert not User.objects.filter(username="li.lei").exists()


def test_a_sign_in_name_is_given_once_whatever_its_letters(staff: Cast) -> None:
    assert "已有人使用" in invited(staff, username="OUTSIDER")


def test_the_list_shows_the_people_of_the_owners_accounts_only(staff: Cast) -> None:
    page = signed_in(staff.owner).get(reverse("admin:staff_colleagues")).content.decode()
    assert "auditor" in page
    assert "outsider" not in page
    assert "superuser" not in page


def test_a_colleague_of_others_has_no_page(staff: Cast) -> None:
    assert signed_in(staff.owner).get(page_of(staff.outsider)).status_code == 404
    assert signed_in(staff.owner).get(page_of(staff.superuser)).status_code == 404


def test_another_role_is_given_and_the_former_one_taken(staff: Cast) -> None:
    name = f"account-{staff.ours.pk}"
    signed_in(staff.owner).post(page_of(staff.editor), {name: ["publisher", "service"]})
    assert set(staff.editor.rights.values_list("role", flat=True)) == {"publisher", "service"}


def test_roles_in_accounts_of_others_stay(staff: Cast) -> None:
    StaffRight.objects.create(user=staff.editor, account=staff.theirs, role="finance")
    given = {f"account-{staff.ours.pk}": [], f"account-{staff.theirs.pk}": ["owner"]}
    signed_in(staff.owner).post(page_of(staff.editor), given)
    assert list(staff.editor.rights.values_list("role", flat=True)) == ["finance"]


def test_who_is_left_without_a_role_is_let_go(staff: Cast) -> None:
    theirs = signed_in(staff.editor)
    signed_in(staff.owner).post(page_of(staff.editor), {"account": staff.ours.pk})
    assert not staff.editor.rights.exists()
    assert theirs.get("/admin/").status_code == 302
    assert not User.objects.get(pk=staff.editor.pk).is_active


def test_a_role_for_somebody_who_cannot_sign_in_is_kept_and_the_page_says_that_it_is_of_no_use(
    staff: Cast,
) -> None:
    User.objects.filter(pk=staff.editor.pk).update(is_active=False)
    owner = signed_in(staff.owner)
    given = {f"account-{staff.ours.pk}": ["publisher"]}
    page = owner.post(page_of(staff.editor), given, follow=True).content.decode()
    assert ("此人无法登录" in page, "生成重设密码的链接" in page) == (True, False)
    assert list(staff.editor.rights.values_list("role", flat=True)) == ["publisher"]
    assert not User.objects.get(pk=staff.editor.pk).is_active
    assert owner.post(page_of(staff.editor, "staff_colleague_link")).status_code == 403
    assert "此人无法登录" not in owner.get(page_of(staff.auditor)).content.decode()


def test_who_was_let_go_is_not_invited_again_as_if_the_name_were_in_use(staff: Cast) -> None:
    signed_in(staff.owner).post(page_of(staff.editor, "staff_colleague_end"))
    assert "已停用" in invited(staff, username="editor")
    assert User.objects.filter(username="editor").count() == 1


def test_a_role_may_move_from_one_account_to_another(staff: Cast) -> None:
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role="owner")
    moved = {f"account-{staff.theirs.pk}": ["editor"]}
    signed_in(staff.owner).post(page_of(staff.editor), moved)
    assert list(staff.editor.rights.values_list("account", flat=True)) == [staff.theirs.pk]
    assert User.objects.get(pk=staff.editor.pk).is_active


def test_nobody_changes_the_own_roles_or_ends_the_own_access(staff: Cast) -> None:
    client = signed_in(staff.owner)
    assert client.post(page_of(staff.owner), {f"account-{staff.ours.pk}": ["editor"]}).status_code == 403
    assert client.post(page_of(staff.owner, "staff_colleague_end")).status_code == 403
    assert list(staff.owner.rights.values_list("role", flat=True)) == ["owner"]


def test_who_is_let_go_is_out_at_once(staff: Cast) -> None:
    theirs = signed_in(staff.editor)
    signed_in(staff.owner).post(page_of(staff.editor, "staff_colleague_end"))
    assert theirs.get("/admin/").status_code == 302
    assert Client().post("/admin/login/", {"username": "editor", "password": PASSWORD}).status_code == 200


def test_who_is_let_go_here_still_works_elsewhere(staff: Cast) -> None:
    StaffRight.objects.create(user=staff.editor, account=staff.theirs, role="editor")
    signed_in(staff.owner).post(page_of(staff.editor, "staff_colleague_end"))
    assert signed_in(staff.editor).get(reverse("admin:replies_rule_changelist")).status_code == 200
    assert list(staff.editor.rights.values_list("account", flat=True)) == [staff.theirs.pk]


def test_an_owner_makes_no_way_in_for_somebody_who_works_for_others_too(staff: Cast) -> None:
    StaffRight.objects.create(user=staff.editor, account=staff.theirs, role="owner")
    client = signed_in(staff.owner)
    assert client.post(page_of(staff.editor, "staff_colleague_link")).status_code == 403
    assert client.post(page_of(staff.auditor, "staff_colleague_link")).status_code == 200


def test_an_auditor_looks_at_colleagues_and_changes_nothing(staff: Cast) -> None:
    client = signed_in(staff.auditor)
    assert client.get(page_of(staff.editor)).status_code == 200
    assert client.post(page_of(staff.editor, "staff_colleague_link")).status_code == 403
    assert client.get(reverse("admin:staff_invite")).status_code == 403


@pytest.mark.parametrize("role", ["superuser", "owner", "publisher", "finance", "auditor", "nobody"])
def test_everybody_changes_the_own_password(staff: Cast, role: str) -> None:
    known = vars(staff).get(role)
    user = known if isinstance(known, User) else member(f"as-{role}", staff.ours, role)
    client = signed_in(user)
    page = client.get("/admin/").content.decode()
    assert reverse("admin:password_change") in page
    given = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post(reverse("admin:password_change"), given).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert Client().post("/admin/login/", {"username": user.username, "password": NEW}).status_code == 302


def test_the_page_of_all_staff_shows_no_hash_and_no_word_of_django(staff: Cast) -> None:
    client = signed_in(staff.superuser)
    page = client.get(reverse("admin:auth_user_change", args=(staff.editor.pk,))).content.decode()
    # Between the tags, because the random token of a form can hold these letters.
    assert "md5" not in re.sub(r"<[^>]*>", " ", page)
    for word in ("工作人员状态", "超级用户状态", "认证和授权"):
        assert word not in page


def test_who_is_added_by_a_superuser_may_sign_in(staff: Cast) -> None:
    client = signed_in(staff.superuser)
    form = client.get(reverse("admin:auth_user_add")).context["adminform"].form
    assert form.fields["is_staff"].initial is True
