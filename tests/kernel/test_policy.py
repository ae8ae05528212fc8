"""Tests of the policy for errors, by cause and attempt."""

import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError
from django_redis.exceptions import ConnectionInterrupted

from wechat.kernel.work import policy
from wechat.kernel.work.policy import Decision, NotYet
from wechat.sdk.beijing import BEIJING
from wechat.sdk.errors import ApiError, Cause, TransportError

NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=BEIJING)
RETRY = [datetime.timedelta(seconds=5), datetime.timedelta(seconds=60)]
AWAY = TransportError("timed out", outcome_unknown=False)


@pytest.fixture(autouse=True)
def _at_noon() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


def decided(error: Exception, attempts: int = 0) -> Decision:
    return policy.decide(error, attempts, RETRY)


def test_what_has_to_wait_for_something_else_spends_no_attempt_however_often() -> None:
    waits = NotYet(datetime.timedelta(seconds=10))
    assert decided(waits, 99) == Decision(NOON + datetime.timedelta(seconds=10), counts=False)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("server closed the connection"),
        InterfaceError("connection closed"),
        ConnectionInterrupted(None),
    ],
    ids=["Postgres", "a connection", "Redis"],
)
def test_no_outage_of_our_own_stores_spends_an_attempt(error: Exception) -> None:
    assert decided(error, 99) == Decision(NOON + RETRY[0], counts=False)


@pytest.mark.parametrize(
    "error", [ValidationError("no"), ApiError(47003, "no")], ids=["of staff", "of the platform"]
)
def test_what_can_never_pass_is_given_up_at_the_first_attempt(error: Exception) -> None:
    assert decided(error) == Decision(None)


def test_what_only_this_row_has_to_wait_for_holds_nobody_else() -> None:
    later = ApiError(43108, "no")
    assert later.cause == Cause.LATER
    assert decided(later) == Decision(NOON + RETRY[0])
    assert decided(later, 1) == Decision(NOON + RETRY[1])
    assert decided(later, 2) == Decision(None)


def test_a_fault_of_ours_is_no_expected_one_and_is_tried_as_often_as_its_kind_says() -> None:
    ours = KeyError("ours")
    assert [decided(ours, attempts).again_at for attempts in range(3)] == [
        NOON + RETRY[0], NOON + RETRY[1], None
    ]  # fmt: skip
    assert not decided(ours).is_expected
    assert decided(ours).hold is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ApiError(45009, "no"), Cause.QUOTA),
        (ApiError(45011, "no"), Cause.RATE),
        (ApiError(48001, "no"), Cause.ACCOUNT),
        (AWAY, Cause.AWAY),
    ],
)
def test_what_is_about_all_rows_says_so_and_spends_nothing_once_they_are_held(
    error: Exception, cause: Cause
) -> None:
    decision = decided(error)
    assert (decision.hold, decision.is_expected, decision.counts) == (cause, True, True)
    assert decision.held(is_held=False) == decision
    held = decided(error, 99).held(is_held=True)
    assert (held.again_at, held.counts) == (NOON, False)


def test_a_used_up_quota_lasts_until_after_the_platforms_midnight() -> None:
    until = datetime.datetime(2026, 3, 3, 0, 5, tzinfo=BEIJING)
    assert policy.held_until(Cause.QUOTA, 0) == until
    assert policy.next_quota_morning(NOON) == datetime.datetime(2026, 3, 3, 8, tzinfo=BEIJING)


@pytest.mark.parametrize("hour", [0, 7, 8, 23])
def test_the_day_is_that_of_the_platform_whatever_the_servers(hour: int) -> None:
    now = datetime.datetime(2026, 3, 2, hour, 30, tzinfo=BEIJING).astimezone(datetime.UTC)
    assert policy.next_quota_day(now) == datetime.datetime(2026, 3, 3, 0, 5, tzinfo=BEIJING)


def test_too_many_calls_wait_for_the_next_minute() -> None:
    assert policy.held_until(Cause.RATE, 0) > NOON + datetime.timedelta(seconds=60)


@pytest.mark.parametrize(
    ("cause", "seconds"), [(Cause.ACCOUNT, [60, 300, 900, 3600]), (Cause.AWAY, [5, 10, 20, 30, 60])]
)
def test_work_on_hold_is_probed_after_pauses_that_the_cause_decides(cause: Cause, seconds: list[int]) -> None:
    pauses = [policy.held_until(cause, probes) - NOON for probes in range(len(seconds) + 2)]
    assert [pause.total_seconds() for pause in pauses] == [*seconds, seconds[-1], seconds[-1]]


@pytest.mark.parametrize("cause", [Cause.ACCOUNT, Cause.AWAY])
def test_probes_in_vain_come_less_often_until_a_steady_pace(cause: Cause) -> None:
    pauses = [policy.held_until(cause, probes) - NOON for probes in range(9)]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[1] < pauses[-1]
    assert pauses[-1] == pauses[-2]
    assert pauses[-1] <= datetime.timedelta(hours=1)
