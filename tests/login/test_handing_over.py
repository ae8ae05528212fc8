import datetime
from urllib.parse import quote

import pytest
import time_machine
from django.utils import timezone

from accounts.followers.handles import handle
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.login.conftest import Person, query_of
from tests.signed import Signed, business_system
from wechat.api.models import ApiClient
from wechat.login.models import AllowedSite, Handover, Visitor

pytestmark = pytest.mark.django_db

EXCHANGE = "/api/v1/auth/exchange/"
BACK = quote("https://shop.example.com/back?a=1&login_code=x", safe="")
START = f"/wechat/demo/oauth/start?scope=userinfo&next={BACK}"


@pytest.fixture
def shop(account: OfficialAccount) -> Signed:
    AllowedSite.objects.create(account=account, host="shop.example.com")
    return business_system(account, scopes=["login:exchange"])


def arrived(person: Person) -> str:
    """Returns the address at the shop that the browser comes to."""
    answer = person.request(person.consent(person.request(START)["Location"]))
    assert answer.status_code == 302
    assert not any(name.startswith("wc_visitor") for name in answer.cookies)
    return str(answer["Location"])


def test_a_site_learns_once_who_came(person: Person, shop: Signed) -> None:
    address = arrived(person)
    assert address.startswith("https://shop.example.com/back?a=1&login_code=")
    code = {"code": query_of(address)["login_code"]}
    answer = shop.post(EXCHANGE, code).json()
    visitor = Visitor.objects.get()
    assert (answer["openid"], answer["nickname"]) == (visitor.openid, visitor.nickname)
    again = shop.post(EXCHANGE, code)
    assert (again.status_code, again.json()["error"]["code"]) == (400, "bad_code")


def test_the_code_itself_is_not_kept(person: Person, shop: Signed) -> None:
    code = query_of(arrived(person))["login_code"]
    assert code not in Handover.objects.get().digest


def test_a_code_is_good_for_a_minute(person: Person, shop: Signed) -> None:
    code = {"code": query_of(arrived(person))["login_code"]}
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
        assert shop.post(EXCHANGE, code).status_code == 400


def test_a_code_is_for_the_sites_own_client(person: Person, account: OfficialAccount, shop: Signed) -> None:
    other = business_system(account, scopes=["login:exchange"])
    AllowedSite.objects.update(client=ApiClient.objects.get(key_id=shop.key))
    code = {"code": query_of(arrived(person))["login_code"]}
    assert other.post(EXCHANGE, code).status_code == 400
    assert shop.post(EXCHANGE, code).status_code == 200


def test_a_code_of_one_account_is_nothing_to_another(
    person: Person, shop: Signed, mini: OfficialAccount
) -> None:
    other = business_system(mini, scopes=["login:exchange"])
    code = {"code": query_of(arrived(person))["login_code"]}
    assert other.post(EXCHANGE, code).status_code == 400
    assert shop.post(EXCHANGE, code).status_code == 200


def test_the_scope_is_needed(person: Person, account: OfficialAccount, shop: Signed) -> None:
    other = business_system(account, scopes=["notes:read"])
    assert other.post(EXCHANGE, {"code": "x"}).status_code == 403


def test_who_was_taken_off_the_list_meanwhile_is_told_nothing(person: Person, shop: Signed) -> None:
    back = person.consent(person.request(START)["Location"])
    AllowedSite.objects.all().delete()
    assert person.request(back).status_code == 404
    assert not Handover.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("shop.example.com", "shop.example.com"),
        (" https://Shop.Example.com/path ", "shop.example.com"),
        ("shop.example.com:8443", "shop.example.com:8443"),
    ],
)
def test_staff_may_paste_an_address(staff: Cast, given: str, kept: str) -> None:
    page = "/admin/login/allowedsite/add/"
    signed_in(staff.owner).post(page, {"account": staff.ours.pk, "host": given, "client": ""})
    assert AllowedSite.objects.get().host == kept


@pytest.mark.parametrize("host", ["", "https://", "a@b", "x y", "https://[::1"])
def test_what_is_no_host_is_refused(staff: Cast, host: str) -> None:
    page = "/admin/login/allowedsite/add/"
    answer = signed_in(staff.owner).post(page, {"account": staff.ours.pk, "host": host, "client": ""})
    assert answer.status_code == 200
    assert not AllowedSite.objects.exists()


def test_a_site_cannot_name_the_client_of_others(staff: Cast) -> None:
    business_system(staff.theirs, scopes=["login:exchange"])
    page = "/admin/login/allowedsite/add/"
    given = {"account": staff.ours.pk, "host": "shop.example.com", "client": ApiClient.objects.get().pk}
    assert signed_in(staff.superuser).post(page, given).status_code == 200
    assert not AllowedSite.objects.exists()


def test_visitors_are_looked_at_and_never_changed(staff: Cast) -> None:
    ours = Visitor.objects.create(account=staff.ours, openid="oOurs", nickname="", phone="13900000000")
    Visitor.objects.create(account=staff.theirs, openid="oTheirs")
    shown = signed_in(staff.service).get("/admin/login/visitor/").content.decode()
    assert handle("oOurs") in shown
    assert handle("oTheirs") not in shown
    page = f"/admin/login/visitor/{ours.pk}/change/"
    html = signed_in(staff.service).get(page).content.decode()
    assert "13900000000" not in html
    assert signed_in(staff.superuser).post(page, {}).status_code == 403
