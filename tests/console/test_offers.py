"""Tests that no page offers a link or button that would be refused."""

from collections.abc import Iterator
from typing import Any

import lxml.html
import pytest
from django.urls import Resolver404, resolve, reverse

from accounts.approvals.models import ApprovalLimit
from tests.cast import Cast, member, signed_in
from tests.console.table import may, table
from tests.console.visiting import Visitor, address_of
from tests.console.world import World
from tests.menus.conftest import button, put
from wechat.campaigns.models import MassSend

pytestmark = pytest.mark.django_db

TABLE = table()
# A list's own form is for what is ticked, its filters and its order.
OF_THE_LIST = {"changelist-form", "changelist-search"}
# A menu for some followers, which can be deleted; the table is about the one for everybody.
KNOWN = {("menus_audience", "menus_menu_delete")}


def offered(page: str, address: str) -> Iterator[tuple[str, str]]:
    """Returns the addresses of links and of forms that change something, with the method."""
    if 'id="main"' not in page:
        return
    root: Any = lxml.html.fromstring(page)
    root.make_links_absolute(f"http://testserver{address}")
    for link in root.xpath("//*[@id='main']//a[@href]"):
        yield "GET", link.get("href")
    for form in root.xpath("//*[@id='main']//form[@method='post']"):
        sends = form.xpath(".//button[not(@type='button')] | .//input[@type='submit']")
        if form.get("id") not in OF_THE_LIST and sends:
            yield "POST", form.get("action") or f"http://testserver{address}"


def name_of(address: str) -> str:
    """Returns the name of a page of the console; empty for any other address."""
    scheme, _separator, rest = address.partition("http://testserver")
    try:
        match = resolve(rest.partition("?")[0].partition("#")[0])
    except Resolver404:
        return ""
    name = match.url_name or ""
    return "" if scheme or name not in TABLE else name


@pytest.mark.parametrize("role", ["auditor", "service", "editor", "finance"])
def test_nobody_is_offered_what_they_may_not_do(role: str, ours: World) -> None:
    visitor = Visitor(member(f"reads-as-{role}", ours.account, role), ours.account)
    wrong = set()
    for name, page in TABLE.items():
        if not may(role, page.get) or name in ("login", "logout") or page.is_not_now:
            continue
        address = address_of(name, page, ours)
        for method, target in offered(visitor.visit("GET", address, {}).text, address):
            asked = TABLE.get(name_of(target))
            right = asked and (asked.get if method == "GET" else asked.post)
            if right and not may(role, right) and (name, name_of(target)) not in KNOWN:
                wrong.add(f"{name} as {role}: {method} {name_of(target)}")
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize(
    ("action", "name", "row", "at_once"),
    [
        ("mass_send", "campaigns_mass_send", "campaigns.masssend", "发给全部粉丝…"),
        ("article_publication", "articles_publish", "articles.draft", "发布"),
        ("menu_publication", "menus_publish", "menus.menu", "立即发布"),
        ("menu_publication", "menus_take_off", "menus.menu", "下线"),
    ],
)
def test_what_needs_another_persons_yes_says_so_before(
    action: str, name: str, row: str, at_once: str, staff: Cast, ours: World
) -> None:
    """Beyond the limit of whoever asks, the page neither promises to send nor to publish."""
    MassSend.objects.update(target="all")
    put(ours["menus.menu"], button())
    client, address = signed_in(staff.owner), reverse(f"admin:{name}", args=[ours[row].pk])
    limit = ApprovalLimit.objects.create(account=staff.ours, action=action, role="owner", alone_up_to=None)
    alone = client.get(address).content.decode()
    limit.alone_up_to = 0
    limit.save()
    asking = client.get(address).content.decode()
    told = "超出您的审批额度"
    assert told not in alone
    assert at_once in buttons(alone)
    assert told in asking
    assert at_once == "发给全部粉丝…" or at_once not in buttons(asking)
    assert at_once == "发给全部粉丝…" or "提交审批" in buttons(asking)


def test_a_mass_send_to_everybody_is_confirmed_as_what_it_is(staff: Cast, ours: World) -> None:
    MassSend.objects.update(target="all")
    address = reverse("admin:campaigns_mass_send", args=[ours["campaigns.masssend"].pk])
    client = signed_in(staff.owner)
    seen = client.get(address).context["seen"]
    assert "提交审批" in buttons(client.post(address, {"at": "", "seen": seen}).content.decode())


def buttons(page: str) -> list[str]:
    root: Any = lxml.html.fromstring(page)
    return [" ".join(each.text_content().split()) for each in root.xpath("//*[@id='main']//button")]


def test_pages_and_mini_programs_are_offered_wherever_a_link_is_asked_for(staff: Cast, ours: World) -> None:
    campaign, template = ours["campaigns.campaign"], ours["pushes.template"]
    campaign.way, campaign.template = "template", template
    campaign.save()
    client, appid = signed_in(staff.owner), ours["menus.miniprogram"].appid
    addresses = {
        reverse("admin:campaigns_variant", args=[campaign.pk, "A"]): True,
        reverse("admin:pushes_template_try", args=[template.pk]): True,
        reverse("admin:replies_rule_change", args=[ours["replies.rule"].pk]): True,
        reverse("admin:pushes_eventtemplate_change", args=[ours["pushes.eventtemplate"].pk]): False,
    }
    for address, has_program in addresses.items():
        page = client.get(address).content.decode()
        assert "选择页面…" in page, address
        assert (f'<option value="{appid}">' in page) == has_program, address
