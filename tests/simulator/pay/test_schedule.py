"""Tests of the schedule of WeChat Pay: tasks run once, and again only for another due time."""

from simulator.pay.records.notifications import Notification
from simulator.pay.schedule import Schedule
from simulator.pay.state import PayState


def notification(state: PayState, due_at: float) -> Notification:
    kept = Notification(
        "1", "1900000001", "https://shop.example.com", "TRANSACTION.SUCCESS", "", "{}", 0, due_at
    )
    state.notifications[kept.id] = kept
    return kept


def test_what_is_planned_while_the_schedule_is_made_is_done_once() -> None:
    state, schedule = PayState(), Schedule()
    planned = notification(state, 15)
    schedule.of(state).add(planned)
    assert list(schedule.of(state).pop_due(20)) == [planned]


def test_what_is_planned_again_is_done_again() -> None:
    state, schedule = PayState(), Schedule()
    planned = notification(state, 15)
    assert list(schedule.of(state).pop_due(20)) == [planned]
    planned.due_at = 30
    schedule.of(state).add(planned)
    assert list(schedule.of(state).pop_due(20)) == []
    assert list(schedule.of(state).pop_due(30)) == [planned]


def test_what_was_moved_to_another_time_is_left_for_then() -> None:
    state, schedule = PayState(), Schedule()
    planned = notification(state, 15)
    schedule.of(state).add(planned)
    planned.due_at = 30
    schedule.of(state).add(planned)
    assert list(schedule.of(state).pop_due(20)) == []
    assert list(schedule.of(state).pop_due(40)) == [planned]
