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


@pytest.fixture
def page(sign_in: SignIn, staff: Cast, settings: Settings, live_server: LiveServer) -> Page:
    """Returns a page of the signed-in owner, whose browser has an authenticator."""
    settings.PUBLIC_URL = live_server.url
    page = sign_in(staff.owner)
    with_authenticator(page)
    return page


def add_passkey(page: Page) -> None:
    page.goto("/admin/staff/staffright/me/")
    page.get_by_role("button", name="添加通行密钥").click()


def sign_in_with_password(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/admin/")
    page.get_by_label("用户名").fill("owner")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("#login-form button[type=submit]").click()


def test_a_passkey_is_added_and_opens_the_console(page: Page, staff: Cast) -> None:
    add_passkey(page)
    expect(page.get_by_role("cell", name="通行密钥")).to_be_visible()
    assert SecondFactor.objects.get().user == staff.owner
    sign_in_with_password(page)
    page.get_by_role("button", name="使用通行密钥").click()
    page.wait_for_url("**/admin/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_lost_passkey_is_replaced_by_a_recovery_code_and_taken_away(page: Page) -> None:
    add_passkey(page)
    expect(page.get_by_text("您还没有可用的恢复码")).to_be_visible()
    codes = page.locator("form", has=page.get_by_role("button", name="重新生成恢复码"))
    codes.get_by_label("密码").fill(PASSWORD)
    codes.get_by_role("button").click()
    code = page.locator("pre").inner_text().split()[0]
    page.get_by_role("link", name="我已保存").click()
    expect(page.get_by_text("您还没有可用的恢复码")).to_have_count(0)
    sign_in_with_password(page)
    page.get_by_label("验证码").fill(code)
    page.get_by_role("button", name="下一步").click()
    page.goto("/admin/staff/staffright/me/")
    lost = page.locator("form", has=page.get_by_role("button", name="移除"))
    lost.get_by_label("密码").fill(PASSWORD)
    lost.get_by_role("button").click()
    expect(page.get_by_role("cell", name="通行密钥")).to_have_count(0)
    sign_in_with_password(page)
    expect(page.get_by_role("heading", level=1, name="概览")).to_be_visible()


def test_a_role_that_needs_a_second_step_is_let_in_with_a_new_passkey(page: Page) -> None:
    page.goto("/admin/staff/staffright/second-step/")
    page.get_by_label("所有者").check()
    page.get_by_role("button", name="保存设置").click()
    sign_in_with_password(page)
    page.get_by_role("button", name="改用通行密钥").click()
    expect(page.get_by_role("cell", name="通行密钥")).to_be_visible()
    # The last one that the role needs stays.
    page.locator("form", has=page.get_by_role("button", name="移除")).get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="移除").click()
    expect(page.get_by_text("您的角色必须使用两步验证")).to_be_visible()
    expect(page.get_by_role("cell", name="通行密钥")).to_be_visible()


def test_what_the_browser_refuses_is_shown_in_the_language_of_the_page(
    page: Page, settings: Settings, live_server: LiveServer
) -> None:
    settings.PUBLIC_URL = "https://console.example.com"
    add_passkey(page)
    expect(page.get_by_role("alert").filter(has_text="通行密钥在当前地址不可用")).to_be_visible()
    settings.PUBLIC_URL = live_server.url
    page.get_by_role("button", name="添加通行密钥").click()
    expect(page.get_by_role("cell", name="通行密钥")).to_be_visible()
    page.get_by_role("button", name="添加通行密钥").click()
    expect(page.get_by_role("alert").filter(has_text="此设备上已有您的通行密钥")).to_be_visible()
