"""A passkey as the second step, with an authenticator that the browser plays."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.staff.models import SecondFactor
from tests.browser.test_mass_sends import SignIn
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db(transaction=True)


def with_authenticator(page: Page) -> None:
    """Adds an authenticator to the browser, like a phone that asks for a finger, always the right one."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_opens_the_console(
    sign_in: SignIn, staff: Cast, settings: Settings, live_server: LiveServer
) -> None:
    settings.PUBLIC_URL = live_server.url
    page = sign_in(staff.owner)
    with_authenticator(page)
    page.goto("/admin/staff/staffright/me/")
    page.get_by_role("button", name="添加通行密钥").click()
    expect(page.get_by_role("cell", name="通行密钥")).to_be_visible()
    assert SecondFactor.objects.get().user == staff.owner
    page.context.clear_cookies()
    page.goto("/admin/")
    page.get_by_label("用户名").fill("owner")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("#login-form button[type=submit]").click()
    page.get_by_role("button", name="使用通行密钥").click()
    page.wait_for_url("**/admin/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
