from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.followers.handles import handle
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry, StaffRight
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/pushes/push/"


@pytest.fixture
def service(account: OfficialAccount) -> Client:
    user = User.objects.create_user("service", password="x", is_staff=True)
    StaffRight.objects.create(user=user, account=account, role="service")
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def uncertain(asked: Callable[..., Push]) -> Push:
    push = asked("<b>您好</b>")
    Push.objects.update(state="uncertain", reason="no_answer", due_at=None)
    return push


def test_the_list_tells_the_state_and_the_reason_in_words(service: Client, uncertain: Push) -> None:
    page = service.get(LIST).content.decode()
    assert "&lt;b&gt;您好&lt;/b&gt;" in page
    assert str(Push.Reason.NO_ANSWER.label) in page


def test_the_links_of_a_text_are_links_on_its_page_and_words_in_the_list(
    service: Client, asked: Callable[..., Push]
) -> None:
    push = asked('<a href="https://a.cn/?a=1&b=2">看订单</a>')
    listed = service.get(LIST).content.decode()
    assert "看订单" in listed
    assert "https://a.cn/" not in listed
    for page in ("change", "again"):
        html = service.get(f"{LIST}{push.pk}/{page}/").content.decode()
        assert '<a class="text-link" href="https://a.cn/?a=1&amp;b=2"' in html


def test_a_follower_is_called_by_the_remark_where_there_is_one(service: Client, uncertain: Push) -> None:
    assert f"粉丝 {handle(uncertain.openid)}</a>" in service.get(LIST).content.decode()
    Follower.objects.update_or_create(
        account=uncertain.account, openid=uncertain.openid, defaults={"remark": "林小姐"}
    )
    assert ">林小姐</a>" in service.get(LIST).content.decode()


def test_a_refusal_is_told_in_words_with_its_code(service: Client, uncertain: Push) -> None:
    Push.objects.update(state="failed", reason="refused", errcode=48001)
    assert "（48001）" in service.get(f"{LIST}{uncertain.pk}/change/").content.decode()


def test_sending_again_says_first_what_will_happen(
    service: Client, uncertain: Push, wrote: Callable[..., None]
) -> None:
    nothing = service.get(f"{LIST}{uncertain.pk}/again/").content.decode()
    wrote()
    allowed = service.get(f"{LIST}{uncertain.pk}/again/")
    assert allowed.context["allowance"].left == 5
    assert allowed.content.decode() != nothing
    assert Push.objects.get().state == "uncertain"


def test_confirmed_it_is_queued_once_and_an_entry_says_who_did_it(service: Client, uncertain: Push) -> None:
    for _ in range(2):
        assert service.post(f"{LIST}{uncertain.pk}/again/").status_code == 302
    push = Push.objects.get()
    assert (push.state, push.reason) == ("pending", "")
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("role", ["auditor", "editor"])
def test_who_may_only_look_is_not_offered_it(
    service: Client, uncertain: Push, account: OfficialAccount, role: str
) -> None:
    account.rights.update(role=role)
    assert f"{LIST}{uncertain.pk}/again/" not in service.get(f"{LIST}{uncertain.pk}/change/").content.decode()
    assert service.post(f"{LIST}{uncertain.pk}/again/").status_code == 403
    assert Push.objects.get().state == "uncertain"


def test_nobody_without_a_right_to_the_account_reaches_it(
    service: Client, uncertain: Push, account: OfficialAccount
) -> None:
    account.rights.all().delete()
    assert service.post(f"{LIST}{uncertain.pk}/again/").status_code == 404
