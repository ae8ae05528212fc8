"""Every page of the console, opened and posted to as every role, in an account of its own and in others."""

import re

import pytest
from django.contrib.auth.models import User

from accounts.approvals.actions import ACTIONS
from accounts.approvals.models import ApprovalLimit
from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from tests.cast import Cast, member
from tests.console import world
from tests.console.table import ROLES, Page, may, table
from tests.console.visiting import Answer, Visitor, address_of, names
from tests.console.world import World

pytestmark = pytest.mark.django_db

TABLE = table()
# They end or move what the walk goes on with.
LEFT_ALONE = {"logout", "switch_account"}
# What opening a page may write: that somebody took a file along or edits a menu, that WeChat is to be asked
# for numbers, and the draft that begins as a copy of the live menu.
NOTED = re.compile(
    r'(INSERT INTO|UPDATE) "(staff_auditentry|official_quotareading|materials_materialquota|menus_livemenu'
    r'|menus_version|menus_menuitem|menus_editing)"'
)


@pytest.fixture
def strange() -> World:
    """The rows of an account in which nobody of the walk has a role."""
    account = OfficialAccount.objects.create(
        slug="strange", name="第三家", appid="wx00000000000000ab", token="strangetoken", mode="plain"
    )
    return world.build(account)


def test_every_page_is_in_the_table() -> None:
    assert names() == set(TABLE)


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
def test_every_page_answers_a_role_as_the_table_says(
    role: str, staff: Cast, ours: World, strange: World
) -> None:
    visitor = Visitor(_user(role, staff, ours), ours.account)
    wrong = _walk(visitor, ours, role, TABLE)
    if role != "superuser":
        wrong += _walk(visitor, strange, "none", _of_a_row())
    assert not wrong, "\n".join(wrong)


def test_to_open_a_page_asks_nobody_for_approval(staff: Cast, ours: World) -> None:
    for action in ACTIONS:
        for role in action.roles:
            ApprovalLimit.objects.create(account=ours.account, action=action.name, role=role, alone_up_to=0)
    visitor = Visitor(staff.owner, ours.account)
    for name, page in TABLE.items():
        if name not in LEFT_ALONE:
            chosen = {"item": ours["shop.item"].pk} if name == "shop_sale_export" else {}
            answer = visitor.visit("GET", address_of(name, page, ours), {**page.data, **chosen})
            assert not _changes(answer), name


@pytest.mark.parametrize(("role", "elsewhere"), [("editor", "finance"), ("auditor", "owner")])
def test_whoever_has_two_roles_has_each_in_its_own_account_only(
    role: str, elsewhere: str, staff: Cast, ours: World, theirs: World
) -> None:
    user = _user(role, staff, ours)
    StaffRight.objects.create(user=user, account=theirs.account, role=elsewhere)
    visitor = Visitor(user, ours.account)
    wrong = [
        *_walk(visitor, ours, role, _of_an_account(also=elsewhere)),
        *_walk(visitor, theirs, elsewhere, _of_a_row()),
    ]
    visitor.show(theirs.account)
    wrong += [
        *_walk(visitor, theirs, elsewhere, _of_an_account(also=role)),
        *_walk(visitor, ours, role, _of_a_row()),
    ]
    assert not wrong, "\n".join(wrong)


def test_a_form_for_another_account_than_is_shown_changes_nothing_and_says_so(
    staff: Cast, ours: World, theirs: World
) -> None:
    StaffRight.objects.create(user=staff.owner, account=theirs.account, role="owner")
    visitor = Visitor(staff.owner, theirs.account)
    wrong = []
    for name, page in _pages_of_an_account().items():
        for posted in ({"account": ours.account.pk}, {"account": ""}, {"account": "0"}, {}):
            answer = visitor.visit("POST", address_of(name, page, theirs), {**page.data, **posted})
            if answer.status != 403 or answer.changes or "没有做任何改动" not in answer.text:
                wrong.append(f"{name} with {posted}: {answer.status} {answer.changes[:1]}")
    assert not wrong, "\n".join(wrong)


def _user(role: str, staff: Cast, ours: World) -> User:
    if role == "superuser":
        return staff.superuser
    if role == "none":
        return staff.nobody
    return member(f"walks-as-{role}", ours.account, role)


def _pages_of_an_account() -> dict[str, Page]:
    """Returns the pages about the switcher's account whose forms change something."""
    ours = {
        "index", "operations_setup", "login", "search", "jsi18n", "password_change", "password_change_done",
        "app_list",
    }  # fmt: skip
    # One's own, whatever the account.
    ours |= {name for name in TABLE if TABLE[name].post == "anybody"}
    return {
        name: page
        for name, page in TABLE.items()
        if not page.of
        and not page.is_named
        and not page.is_anywhere
        and page.post != "nobody"
        and name not in ours | LEFT_ALONE
        # The admin's own forms have the account among their fields.
        and not name.endswith(("_changelist", "_add", "autocomplete"))
    }


def _of_a_row() -> dict[str, Page]:
    return {name: page for name, page in TABLE.items() if page.of}


def _of_an_account(also: str = "none") -> dict[str, Page]:
    """Returns the pages about an account, except those that the right ``also`` elsewhere opens too."""
    return {
        name: page
        for name, page in TABLE.items()
        if not page.of and not (page.is_anywhere and may(also, page.get))
    }


def _walk(visitor: Visitor, where: World, role: str, pages: dict[str, Page]) -> list[str]:
    """Returns what is not as the table says."""
    wrong = []
    for name, page in pages.items():
        for method, right in (("GET", page.get), ("POST", page.post)):
            if name in LEFT_ALONE:
                continue
            data = {} if method == "GET" or page.of else {"account": where.account.pk}
            answer = visitor.visit(method, address_of(name, page, where), {**data, **page.data})
            fault = _fault(answer, page, allowed=may(role, right))
            if method == "GET" and (changes := _changes(answer)):
                fault = f"opening it changed something: {changes[0][:80]}"
            if fault:
                wrong.append(f"{method} {name} as {role}: {fault}")
    return wrong


def _changes(answer: Answer) -> list[str]:
    return [each for each in answer.changes if not NOTED.match(each)]


def _fault(answer: Answer, page: Page, *, allowed: bool) -> str:
    if answer.status >= 500:
        return f"{answer.status}"
    if allowed and answer.is_refused and not page.is_not_now:
        return f"refused with {answer.status}"
    if not allowed and not answer.is_refused:
        return f"not refused: {answer.status} {answer.sent_to}"
    if not allowed and answer.changes:
        return f"changed something: {answer.changes[0][:80]}"
    return ""
