"""Every page of the console, judged by axe-core as it ships: see vendor/axe-core."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, Response, ViewportSize, expect
from pytest_django import Settings

from tests.cast import Cast, message
from tests.console import world
from tests.console.table import table
from tests.console.visiting import address_of

pytestmark = pytest.mark.django_db(transaction=True)

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
# The serious faults of the document, what its fields refer to and is not there, and the number of its mains.
# The frame of the text editor is left out: it is another project's.
JUDGE = """async () => {
    const {violations} = await axe.run(document, {resultTypes: ['violations'], iframes: false});
    const serious = violations.filter(each => ['serious', 'critical'].includes(each.impact));
    // What a field refers to is its help and its error; a list has no help.
    const dangling = [...document.querySelectorAll('[aria-describedby]')]
        .filter(field => !field.closest('.empty-form, template, #result_list'))
        .flatMap(field => field.getAttribute('aria-describedby').split(' '))
        .filter(id => id && !document.getElementById(id));
    const mains = document.querySelectorAll('main').length;
    return [
        ...serious.flatMap(each => each.nodes.map(node => `${each.id} ${node.html.slice(0, 150)}`)),
        ...dangling.map(id => `${id} is not there`),
        ...(mains === 1 ? [] : [`${mains} main landmarks`]),
    ];
}"""
# Whether nothing is beyond the window; a chart takes some frames to follow.
FITS = """() => new Promise(resolve => {
    const begun = performance.now();
    const look = () => {
        const fits = document.scrollingElement.scrollWidth <= innerWidth;
        if (fits || performance.now() - begun > 10000) resolve(fits);
        else requestAnimationFrame(look);
    };
    look();
})"""
# Parts of pages, and files: nothing that is looked at by itself.
NO_PAGES = re.compile(
    r"^(search|jsi18n|logout|staff_links|todo_counts|inbound_media)$"
    r"|_(csv|png|svg|small|file|avatar|example|export|pick|live|state|background|picture|poster)$"
)


PHONE, SCREEN = ViewportSize(width=360, height=740), ViewportSize(width=1280, height=720)


@pytest.mark.parametrize(("theme", "language"), [("light", "zh-hans"), ("dark", "en")])
def test_no_page_has_a_serious_fault_lacks_a_file_or_is_wider_than_a_phone(
    sign_in: Callable[[User], Page],
    staff: Cast,
    settings: Settings,
    tmp_path: Path,
    theme: str,
    language: str,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.WECHAT_API_BASE = settings.WECHAT_PAY_API_BASE = "http://127.0.0.1:9"
    ours = world.build(staff.ours)
    page = sign_in(staff.superuser)
    page.add_init_script(path=AXE)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.url}])
    page.evaluate(f"localStorage.setItem('adminTheme', JSON.stringify('{theme}'))")
    faults: list[str] = []
    page.on("response", lambda answer: faults.extend(_missing(answer)))
    for name, each in table().items():
        if each.get == "nobody" or each.is_not_now or NO_PAGES.search(name):
            continue
        faults += [f"{name}: {fault}" for fault in _faults(page, address_of(name, each, ours))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_choices_that_were_sent_in_a_conversation_can_be_read(
    sign_in: Callable[[User], Page], staff: Cast, theme: str
) -> None:
    choices = [{"id": "1", "content": "门店地址"}, {"id": "2", "content": "营业时间"}]
    menu = {"type": "msgmenu", "head": "您想了解什么？", "items": choices, "tail": ""}
    asked = message(staff.ours, "你好", answer=menu)
    page = sign_in(staff.owner)
    page.add_init_script(path=AXE)
    page.evaluate(f"localStorage.setItem('adminTheme', JSON.stringify('{theme}'))")
    address = reverse("admin:inbox_conversation", args=[staff.ours.pk, asked.openid])
    faults = _faults(page, address)
    expect(page.get_by_text("营业时间")).to_be_visible()
    assert not faults, "\n".join(faults)


def test_in_the_dark_a_code_is_on_white_and_what_the_browser_draws_itself_is_dark(
    sign_in: Callable[[User], Page], staff: Cast
) -> None:
    page = sign_in(staff.owner)
    page.evaluate("localStorage.setItem('adminTheme', JSON.stringify('dark'))")
    page.goto(reverse("admin:staff_app_add"))
    code = page.get_by_role("img", name="待扫描的二维码")
    with Image.open(io.BytesIO(code.screenshot())) as picture:
        assert picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    expect(code).to_have_css("color-scheme", "dark")


def _missing(answer: Response) -> list[str]:
    return [f"{answer.frame.url}: {answer.url} is not there"] if answer.status == 404 else []


def _faults(page: Page, address: str) -> list[str]:
    page.goto(address)
    lines: list[str] = page.evaluate(JUDGE)
    page.set_viewport_size(PHONE)
    fits = page.evaluate(FITS)
    page.set_viewport_size(SCREEN)
    return lines if fits else [*lines, "wider than a phone"]
