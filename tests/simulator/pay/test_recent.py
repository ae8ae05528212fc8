"""Tests that expiring data is deleted, so that a simulator can run for months."""

from simulator.pay.recent import Recent


def test_what_is_over_is_not_found_and_takes_no_place() -> None:
    recent: Recent[int, str] = Recent(300)
    for second in range(10_000):
        recent.add(second, "bill", second)
    assert len(recent) == 300
    assert (recent.find(9_700, 9_999), recent.find(9_699, 9_999)) == ("bill", None)
    assert (recent.find(9_999, 10_299), len(recent)) == (None, 0)


def test_what_was_kept_before_the_clock_was_put_back_does_not_stay() -> None:
    recent: Recent[str, str] = Recent(300)
    recent.add("tomorrow", "bill", 86_400)
    recent.add("today", "bill", 0)
    assert (recent.find("tomorrow", 1), recent.find("today", 1), len(recent)) == (None, "bill", 1)
