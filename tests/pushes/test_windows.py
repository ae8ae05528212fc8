from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.official.models import OfficialAccount
from tests.locks import somebody_waits
from wechat.pushes import subscription_quota, windows
from wechat.pushes.models import SendWindow
from wechat.pushes.windows import Spent, Trigger

Taken = TypeVar("Taken")

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 2, 1, 8, tzinfo=UTC)
MESSAGES = {Trigger.MESSAGE: 5, Trigger.MENU: 3, Trigger.FOLLOW: 3, Trigger.SCAN: 3}

seconds = st.integers(0, 180) | st.integers(0, 60 * 60 * 60)
moments = seconds.map(lambda number: START + timedelta(seconds=number))
acts = st.tuples(st.just("act"), st.sampled_from(sorted(MESSAGES)), moments)
leaves = st.tuples(st.just("leave"), st.none(), moments)
sends = st.tuples(st.just("send"), st.none(), moments)
refusals = st.tuples(st.just("refused"), st.none(), moments)


class Model:
    """The rules of the platform's page on windows, in ten lines."""

    def __init__(self) -> None:
        self.grants: dict[str, tuple[datetime, int, datetime]] = {}

    def act(self, trigger: str, at: datetime) -> None:
        within = timedelta(hours=48) if trigger == Trigger.MESSAGE else timedelta(minutes=1)
        self._set(trigger, at, MESSAGES[Trigger(trigger)], at + within)

    def leave(self, _: Any, at: datetime) -> None:
        for trigger in MESSAGES:
            self._set(trigger, at, 0, at)

    def send(self, _: Any, at: datetime) -> bool:
        usable = [(ends, name) for name, (_, left, ends) in self.grants.items() if left and ends > at]
        if not usable:
            return False
        first = min(ends for ends, _ in usable)
        name = next(name for ends, name in usable if ends == first)
        since, left, ends = self.grants[name]
        self.grants[name] = (since, left - 1, ends)
        return True

    def refused(self, _: Any, at: datetime) -> None:
        for name, (since, left, ends) in self.grants.items():
            self.grants[name] = (since, 0 if since <= at else left, ends)

    def left(self, at: datetime) -> windows.Allowance:
        running: dict[datetime, int] = {}
        for _, left, ends in self.grants.values():
            if left and ends > at:
                running[ends] = running.get(ends, 0) + left
        return windows.Allowance(tuple(windows.Left(running[ends], ends) for ends in sorted(running)))

    def _set(self, trigger: str, at: datetime, left: int, ends: datetime) -> None:
        if trigger not in self.grants or self.grants[trigger][0] < at:
            self.grants[trigger] = (at, left, ends)


def spend(account: OfficialAccount, openid: str, at: datetime) -> Spent | None:
    return windows.spend_each(account, [openid], at).get(openid)


def perform(account: OfficialAccount, openid: str, deed: str, trigger: Any, at: datetime) -> Any:
    if deed == "act":
        return windows.grant(account, openid, Trigger(trigger), at)
    if deed == "leave":
        return windows.close(account, openid, at)
    if deed == "refused":
        return windows.exhaust(account, openid, at)
    return spend(account, openid, at) is not None


@settings(max_examples=60)
@given(deeds=st.lists(acts | leaves | sends | refusals, max_size=14), look=moments)
def test_the_ledger_says_what_the_platform_would(
    account: OfficialAccount, deeds: list[tuple[str, Any, datetime]], look: datetime
) -> None:
    openid, model = uuid4().hex, Model()
    ends: set[datetime] = set()
    for deed, trigger, at in deeds:
        mine = perform(account, openid, deed, trigger, at)
        theirs = getattr(model, deed)(trigger, at)
        ends.add(at)
        assert mine == theirs
    # Two grants that end together may be spent in either order, which shows nowhere.
    for at in [look, *ends]:
        assert windows.left(account, openid, at) == model.left(at)


@settings(max_examples=40)
@given(data=st.data(), deeds=st.lists(acts | leaves, max_size=6, unique_by=lambda deed: deed[2]))
def test_the_order_in_which_actions_are_handled_does_not_matter(
    account: OfficialAccount, data: st.DataObject, deeds: list[tuple[str, Any, datetime]]
) -> None:
    shuffled = data.draw(st.permutations(deeds))
    one, other = uuid4().hex, uuid4().hex
    for deed, trigger, at in deeds:
        perform(account, one, deed, trigger, at)
    for deed, trigger, at in shuffled:
        perform(account, other, deed, trigger, at)
    for at in [START, *(at + timedelta(seconds=1) for _, _, at in deeds)]:
        assert windows.left(account, one, at) == windows.left(account, other, at)


def test_of_many_that_send_at_once_only_as_many_as_allowed_do(account: OfficialAccount) -> None:
    windows.grant(account, "oA", Trigger.MESSAGE, START)
    windows.grant(account, "oA", Trigger.MENU, START)

    def is_allowed(_: int) -> bool:
        try:
            return spend(account, "oA", START) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(is_allowed, range(40))) == 8
    assert windows.left(account, "oA", START).left == 0


def test_of_two_that_send_at_once_the_later_one_takes_the_next_grant(account: OfficialAccount) -> None:
    windows.grant(account, "oA", Trigger.MESSAGE, START)
    windows.grant(account, "oA", Trigger.MENU, START)
    SendWindow.objects.filter(trigger=Trigger.MENU).update(left=1)
    first, second = at_once(lambda: spend(account, "oA", START))
    assert first
    assert second
    assert first.window_id != second.window_id
    assert windows.left(account, "oA", START).left == 4


def test_of_two_notices_at_once_the_later_one_takes_the_next_agreement(account: OfficialAccount) -> None:
    for key in "ab":
        subscription_quota.agree(account, "oA", "T", START, key)
    first, second = at_once(lambda: subscription_quota.spend_each(account, "T", ["oA"], START))
    assert first
    assert second
    assert first != second


def at_once(take: Callable[[], Taken]) -> tuple[Taken, Taken]:
    """Takes once in a transaction, and once in another connection that waits for it."""

    def taken_there() -> Taken:
        try:
            return take()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = take()
            there = pool.submit(taken_there)
            while not (somebody_waits() or there.done()):
                """The other one has not come as far as the row."""
        return first, there.result()


def test_the_grant_that_ends_first_is_spent_first(account: OfficialAccount) -> None:
    windows.grant(account, "oA", Trigger.MESSAGE, START)
    windows.grant(account, "oA", Trigger.MENU, START)
    spend(account, "oA", START)
    later = START + timedelta(minutes=2)
    tapped, wrote = (
        windows.Left(2, START + timedelta(minutes=1)),
        windows.Left(5, START + timedelta(hours=48)),
    )
    assert windows.left(account, "oA", START) == windows.Allowance((tapped, wrote))
    assert windows.left(account, "oA", later) == windows.Allowance((wrote,))


def test_what_ends_at_different_times_is_told_apart_and_never_as_a_sum(account: OfficialAccount) -> None:
    morning = datetime(2026, 3, 2, 0, 33, 30, tzinfo=UTC)
    windows.grant(account, "oA", Trigger.MESSAGE, morning)
    windows.grant(account, "oA", Trigger.MENU, morning)
    spend(account, "oA", morning)
    with time_machine.travel(morning, tick=False), translation.override("en"):
        assert str(windows.left(account, "oA", morning)) == "2 until 08:34, 5 until 03-04 08:33"
        assert str(windows.left(account, "oA", morning + timedelta(minutes=2))) == "5 until 03-04 08:33"


def test_a_message_that_was_surely_not_sent_is_given_back(account: OfficialAccount) -> None:
    windows.grant(account, "oA", Trigger.FOLLOW, START)
    spent = spend(account, "oA", START)
    assert spent
    windows.refund(spent)
    assert windows.left(account, "oA", START).left == 3


def test_nothing_is_given_back_to_a_grant_that_was_replaced(account: OfficialAccount) -> None:
    windows.grant(account, "oA", Trigger.FOLLOW, START)
    spent = spend(account, "oA", START)
    assert spent
    windows.grant(account, "oA", Trigger.FOLLOW, START + timedelta(seconds=1))
    windows.refund(spent)
    assert windows.left(account, "oA", START).left == 3


@pytest.mark.parametrize(
    ("trigger", "left"), [(Trigger.MESSAGE, 5), (Trigger.ENTER, 2), (Trigger.FOLLOW, 0), (Trigger.MENU, 0)]
)
def test_a_mini_program_has_its_own_numbers(account: OfficialAccount, trigger: Trigger, left: int) -> None:
    account.kind = OfficialAccount.Kind.MINIPROGRAM
    windows.grant(account, "oA", trigger, START)
    assert windows.left(account, "oA", START).left == left


def test_windows_of_other_followers_and_accounts_are_not_touched(
    account: OfficialAccount, wrote: Callable[..., None]
) -> None:
    wrote("oB", START)
    windows.close(account, "oA", START)
    assert windows.left(account, "oA", START).left == 0
    assert windows.left(account, "oB", START).left == 5
