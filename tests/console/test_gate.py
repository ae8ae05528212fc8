"""Tests of the access check: changes concern the shown account, need a right there, and are audited."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from django.urls import reverse
from lxml import html

from accounts.staff.models import AuditEntry, StaffRight
from accounts.staff.rights import SESSION_KEY
from tests.cast import PASSWORD, Cast, member, signed_in
from tests.console.test_walk import LEFT_ALONE, TABLE
from tests.console.visiting import Visitor, address_of
from tests.console.world import World
from wechat.replies.models import Rule

pytestmark = pytest.mark.django_db

RULES = "/admin/replies/rule/"


def test_a_list_action_is_judged_by_the_account_of_its_rows(staff: Cast, ours: World, theirs: World) -> None:
    """An auditor here who owns another account names that one in the form."""
    StaffRight.objects.create(user=staff.auditor, account=theirs.account, role="owner")
    visitor = Visitor(staff.auditor, ours.account)
    rule: Rule = ours["replies.rule"]
    asked = {"action": "switch_off", "_selected_action": rule.pk}
    for posted in (asked, {**asked, "account": theirs.account.pk}, _dragged(rule, theirs.account.pk)):
        visitor.client.post(RULES, posted)
        rule.refresh_from_db()
        assert (rule.enabled, rule.position) == (True, 0)


def _dragged(rule: Rule, account_id: int) -> dict[str, Any]:
    numbers = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": rule.pk, "form-0-position": 7}
    return {**numbers, "_save": "1", "account": account_id}


def test_rows_of_another_account_than_the_list_shows_are_left_alone(
    staff: Cast, ours: World, theirs: World
) -> None:
    """Two tabs: the list of one account, and the switcher moved to another."""
    StaffRight.objects.create(user=staff.owner, account=theirs.account, role="owner")
    visitor = Visitor(staff.owner, theirs.account)
    rule: Rule = ours["replies.rule"]
    answer = visitor.client.post(RULES, {"action": "switch_off", "_selected_action": rule.pk})
    rule.refresh_from_db()
    assert rule.enabled
    assert (answer.status_code, "没有做任何改动" in answer.content.decode()) == (403, True)


def test_who_may_only_look_at_a_page_posts_nothing_to_it(staff: Cast) -> None:
    auditor = signed_in(staff.auditor)
    for page in ("/admin/followers/follower/sync/", "/admin/followers/follower/import/"):
        assert auditor.post(page, {"account": staff.ours.pk}).status_code == 403
    assert auditor.get("/admin/followers/follower/sync/").status_code == 200


def test_a_page_says_itself_who_may_change_what_it_shows(staff: Cast) -> None:
    """What is late is listed with the messages, and decided by those who send."""
    publisher = member("publisher", staff.ours, StaffRight.Role.PUBLISHER)
    posted = {"account": staff.ours.pk, "cancel": ""}
    for user, status in ((staff.service, 403), (publisher, 302)):
        assert signed_in(user).post(reverse("admin:pushes_push_late"), posted).status_code == status


def test_a_form_without_its_account_is_good_from_whoever_has_no_other(staff: Cast) -> None:
    client, late = signed_in(staff.owner), reverse("admin:pushes_push_late")
    assert client.post(late, {"cancel": ""}).status_code == 302
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role="owner")
    assert client.post(late, {"cancel": ""}).status_code == 403


def test_a_page_about_a_row_moves_the_switcher_to_it_and_its_file_does_not(
    staff: Cast, theirs: World
) -> None:
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role="owner")
    visitor, asset = Visitor(staff.owner, staff.ours), theirs["materials.asset"]
    file: Any = visitor.client.get(reverse("admin:materials_asset_file", args=[asset.pk]))
    assert b"PNG" in b"".join(file.streaming_content)
    assert visitor.client.session[SESSION_KEY] == staff.ours.pk
    address = f"/admin/campaigns/campaign/{theirs['campaigns.campaign'].pk}/recipients/"
    assert visitor.client.get(address).context["account"] == staff.theirs
    assert visitor.client.session[SESSION_KEY] == staff.theirs.pk


def test_opening_a_row_of_another_account_says_that_the_switcher_moved(staff: Cast, theirs: World) -> None:
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role="owner")
    visitor, told = Visitor(staff.owner, staff.ours), f"已切换到“{staff.theirs.name}”。"
    for label in ("replies.rule", "campaigns.campaign", "merchants.merchant"):
        visitor.show(staff.ours)
        row = theirs[label]
        address = reverse(f"admin:{label.replace('.', '_')}_change", args=[row.pk])
        assert told in visitor.client.get(address).content.decode(), label
        assert told not in visitor.client.get(address).content.decode(), label


def test_what_an_open_page_asks_for_by_itself_moves_no_switcher(staff: Cast, theirs: World) -> None:
    """Another tab may show another account, and be about to send a form."""
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role="owner")
    visitor = Visitor(staff.owner, staff.ours)
    address = reverse("admin:campaigns_campaign_change", args=[theirs["campaigns.campaign"].pk])
    part = visitor.client.get(f"{address}?part=now", headers={"Sec-Fetch-Mode": "cors"})
    assert part.context["account"] == staff.theirs
    assert visitor.client.session[SESSION_KEY] == staff.ours.pk


def test_a_role_looks_at_its_areas_and_a_superuser_at_everything(staff: Cast) -> None:
    for user, page, status in (
        (staff.editor, RULES, 200),
        (staff.editor, reverse("admin:replies_import"), 200),
        (staff.editor, "/admin/orders/order/", 403),
        (staff.superuser, RULES, 200),
        (staff.superuser, "/admin/orders/order/", 200),
    ):
        assert signed_in(user).get(page).status_code == status


def test_who_may_only_look_brings_no_version_back(staff: Cast, ours: World) -> None:
    rule: Rule = ours["replies.rule"]
    address = f"{RULES}{rule.pk}/history/{rule.history.first().pk}/"
    form = {"name": "改了", "trigger": "keyword", "strategy": "all", "account": rule.account_id}
    assert signed_in(staff.auditor).post(address, form).status_code == 403
    rule.refresh_from_db()
    assert rule.name != "改了"


def test_every_form_is_taken_as_it_is_rendered_for_somebody_with_two_accounts(
    staff: Cast, ours: World, theirs: World
) -> None:
    visitor, refused, seen = Visitor(staff.superuser, ours.account), set(), set()
    for name, page in TABLE.items():
        if page.get == "nobody" or name in LEFT_ALONE:
            continue
        address = address_of(name, page, ours)
        for action, hidden in _forms(visitor.visit("GET", address, {}).text, address):
            if (action, *hidden) in seen or action.startswith(("/admin/logout/", "/admin/account/")):
                continue
            seen.add((action, *hidden))
            answer = visitor.visit("POST", action, hidden)
            if answer.status == 403 and "没有做任何改动" in answer.text:
                refused.add(f"{name}: {action}")
    assert len(seen) > len(TABLE) / 4
    assert refused == set()


def _forms(text: str, address: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields where each form of a page is posted, and what it posts without its reader's doing."""
    page: Any = html.fromstring(text) if "<form" in text else None
    for form in page.forms if page is not None else ():
        if form.method == "POST":
            hidden = form.xpath(".//input[@type='hidden' and @name]")
            yield urljoin(address, form.action or ""), {each.name: each.value or "" for each in hidden}


@pytest.mark.parametrize("whose", ["own", "colleague"])
def test_a_password_is_changed_and_signs_in(staff: Cast, whose: str) -> None:
    client, new = signed_in(staff.superuser), "another long phrase 7"
    user = staff.superuser if whose == "own" else staff.editor
    page = "/admin/password_change/" if whose == "own" else f"/admin/auth/user/{user.pk}/password/"
    form = client.get(page)
    assert form.status_code == 200
    # Everywhere else staff are addressed politely.
    assert "你" not in form.content.decode()
    names = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    answer = client.post(page, names if whose == "own" else {"password1": new, "password2": new})
    user.refresh_from_db()
    assert (answer.status_code, user.check_password(new)) == (302, True)


def test_a_change_leaves_what_a_value_was_before_and_no_secret(staff: Cast, ours: World) -> None:
    endpoint, client = ours["webhooks.endpoint"], signed_in(staff.owner)
    form = {
        "account": ours.account.pk,
        "url": "https://example.com/new",
        "events": ["order.paid"],
        "enabled": "on",
    }
    assert client.post(f"/admin/webhooks/endpoint/{endpoint.pk}/change/", form).status_code == 302
    # Another thing of this world may have the same number.
    change_message = AuditEntry.objects.get(object_id=str(endpoint.pk), user=staff.owner).words
    assert "https://example.com/0 → https://example.com/new" in change_message
    assert endpoint.secret not in change_message


def test_the_switcher_leads_from_a_page_about_one_thing_to_its_list(staff: Cast, ours: World) -> None:
    """A link to the thing itself would lead back to the account that it belongs to."""
    StaffRight.objects.create(user=member("both", ours.account, "owner"), account=staff.theirs, role="owner")
    page = signed_in(staff.owner).get(
        f"/admin/campaigns/campaign/{ours['campaigns.campaign'].pk}/recipients/"
    )
    assert page.context["switch"]["back"] == "/admin/campaigns/campaign/"
