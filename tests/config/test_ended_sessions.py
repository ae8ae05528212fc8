"""Forms that are sent after the session ended, or from before it began, in another tab or by going back."""

import pytest
from django.test import Client

from tests.cast import PASSWORD, Cast, signed_in

pytestmark = pytest.mark.django_db

FORM = "/admin/replies/rule/add/"
HTML = "text/html,application/xhtml+xml"


@pytest.mark.parametrize("address", [FORM, "/admin/campaigns/masssend/1/send/"])
def test_who_sent_a_form_too_late_is_told_and_comes_back_to_the_page_with_it(
    staff: Cast, address: str
) -> None:
    browser = Client()
    page = f"{FORM}?keyword=a"
    sent = browser.post(
        address, {"name": "会员日"}, headers={"Accept": HTML, "Referer": f"http://testserver{page}"}
    )
    assert sent["Location"] == "/admin/login/?next=/admin/replies/rule/add/%3Fkeyword%3Da"
    again = browser.post(sent["Location"], {"username": "owner", "password": PASSWORD}, follow=True)
    assert again.request["PATH_INFO"] == FORM
    assert "没有保存" in again.content.decode()


def test_nobody_is_led_to_another_site(staff: Cast) -> None:
    sent = Client().post(FORM, {}, headers={"Accept": HTML, "Referer": "https://elsewhere.example/admin/"})
    assert sent["Location"] == "/admin/login/?next=/admin/replies/rule/add/"


def test_a_form_from_before_signing_in_is_refused_in_words(staff: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in(staff.owner).cookies
    refused = browser.post(FORM, {"name": "会员日"})
    assert (refused.status_code, "没有保存" in refused.content.decode()) == (403, True)
