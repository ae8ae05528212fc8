"""Background work: claimed once, tried again as its errors say, held for an account and no other."""

import datetime
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import time_machine
from celery import current_app
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import DjangoAssertNumQueries

from accounts.official.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.kernel import exposition, tasks, work
from wechat.kernel.models import Hold
from wechat.kernel.tasks import tick
from wechat.kernel.work import holds, places, waking
from wechat.kernel.work.claiming import claim
from wechat.materials.models import Asset
from wechat.sdk.errors import ApiError, Cause, TransportError

LEASE = datetime.timedelta(minutes=1)
AWAY = TransportError("timed out", outcome_unknown=False)
NAME = "materials.upload"


@pytest.fixture
def other(account: OfficialAccount) -> OfficialAccount:
    return OfficialAccount.objects.create(
        slug="other", name="别家", appid="wx_other", original_id="gh_other", appsecret="s", token="t",
        mode="plain",
    )  # fmt: skip


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> dict[int, Exception | None]:
    """Returns the outcomes of work by account: success, unless a test sets an error."""
    found: dict[int, Exception | None] = {}
    kind = work.KINDS.get(NAME)
    assert isinstance(kind, work.Kind)

    def do(asset: Asset) -> None:
        if error := found.get(asset.account_id):
            raise error
        asset.done(state="uploaded", media_id="M", permanent=True)

    def do_each(rows: Sequence[Asset]) -> None:
        for row in rows:
            kind.attempt(row, do)

    monkeypatch.setattr(kind, "_do", do_each)
    return found


def files(account: OfficialAccount, count: int) -> None:
    Asset.objects.bulk_create(
        Asset(
            account=account,
            kind="image",
            name=str(n),
            content_type="image/png",
            size=1,
            due_at=timezone.now(),
        )
        for n in range(count)
    )


def states(account: OfficialAccount) -> set[tuple[str, int]]:
    return set(Asset.objects.filter(account=account).values_list("state", "attempts"))


def fill(account: OfficialAccount, count: int) -> None:
    now = timezone.now()
    InboundMessage.objects.bulk_create(
        InboundMessage(
            account=account, key=str(n), openid="oA", kind="text", sent_at=now, received_at=now, due_at=now
        )
        for n in range(count)
    )


def after(hold: Hold) -> datetime.datetime:
    assert hold.until
    return hold.until + datetime.timedelta(seconds=1)


# --- claiming


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_the_same_time_share_the_rows(account: OfficialAccount) -> None:
    fill(account, 60)

    def take(_: int) -> list[int]:
        try:
            return [row.pk for row in claim(InboundMessage.objects.all(), lease=LEASE, limit=7)]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        claimed = [pk for batch in pool.map(take, range(12)) for pk in batch]
    assert len(claimed) == len(set(claimed)) == 60


@pytest.mark.django_db
def test_a_claimed_row_is_not_due_until_its_lease_ends(account: OfficialAccount) -> None:
    fill(account, 1)
    rows = InboundMessage.objects.all()
    assert len(claim(rows, lease=LEASE, limit=9)) == 1
    assert claim(rows, lease=LEASE, limit=9) == []
    with time_machine.travel(timezone.now() + LEASE, tick=False):
        assert len(claim(rows, lease=LEASE, limit=9)) == 1


@pytest.mark.django_db
def test_a_worker_that_comes_back_after_its_lease_changes_nothing(account: OfficialAccount) -> None:
    fill(account, 1)
    (late,) = claim(InboundMessage.objects.all(), lease=LEASE, limit=1)
    with time_machine.travel(timezone.now() + 2 * LEASE, tick=False):
        (second,) = claim(InboundMessage.objects.all(), lease=LEASE, limit=1)
    assert not late.give_up("too slow")
    assert second.done()
    row = InboundMessage.objects.get()
    assert (row.due_at, row.error, row.attempts) == (None, "", 0)


# --- what an error means


@pytest.mark.django_db
def test_what_can_never_pass_is_given_up_at_once(
    account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    files(account, 2)
    outcomes[account.pk] = ApiError(40005, "invalid file type")
    assert work.run(NAME) == 2
    kept = Asset.objects.values_list("state", "errcode", "error", "attempts", "due_at")
    assert set(kept) == {("failed", 40005, "40005: invalid file type", 1, None)}
    assert not Hold.objects.exists()


@pytest.mark.django_db
def test_what_staff_have_to_change_is_said_in_their_words(
    account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    files(account, 1)
    outcomes[account.pk] = ValidationError("图片太大")
    work.run(NAME)
    assert Asset.objects.get().error == "图片太大"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ApiError(45009, "reach max api daily quota limit"), "quota"),
        (ApiError(45011, "api minute-quota reach limit"), "rate"),
        (ApiError(48001, "api unauthorized"), "account"),
        (ApiError(40001, "invalid credential", api="/cgi-bin/stable_token"), "account"),
    ],
)
def test_what_is_about_the_account_holds_its_work_and_spends_no_row(
    account: OfficialAccount,
    other: OfficialAccount,
    outcomes: dict[int, Exception | None],
    error: ApiError,
    cause: str,
) -> None:
    files(account, 20)
    files(other, 2)
    outcomes[account.pk] = error
    assert work.run(NAME) == 3, "one of the account on hold, and the two of the other"
    assert states(account) == {("pending", 0)}
    assert states(other) == {("uploaded", 0)}
    hold = Hold.objects.get()
    assert (hold.subject, hold.cause, hold.errcode) == (account.pk, cause, error.errcode)
    assert (work.run(NAME), work.KINDS.get(NAME).is_due()) == (0, False)


@pytest.mark.django_db
def test_held_work_is_probed_with_one_row_and_goes_on_once_that_passes(
    account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    files(account, 20)
    outcomes[account.pk] = ApiError(48001, "api unauthorized")
    work.run(NAME)
    first = Hold.objects.get()
    with time_machine.travel(after(first), tick=False):
        assert work.KINDS.get(NAME).is_due()
        assert work.run(NAME) == 1
        second = Hold.objects.get()
        assert after(second) - after(first) > after(first) - first.since, "it is asked less and less often"
    outcomes.clear()
    with time_machine.travel(after(second), tick=False):
        assert work.run(NAME) == 20
    assert states(account) == {("uploaded", 0)}
    assert not Hold.objects.exists()


@pytest.mark.django_db
def test_of_two_workers_one_probes(account: OfficialAccount, outcomes: dict[int, Exception | None]) -> None:
    files(account, 3)
    outcomes[account.pk] = ApiError(48001, "api unauthorized")
    work.run(NAME)
    kind = work.KINDS.get(NAME)
    assert isinstance(kind, work.Kind)
    with time_machine.travel(after(Hold.objects.get()), tick=False):
        assert [row.is_probe for row in kind.claim()] == [True]
        assert kind.claim() == []


@pytest.mark.django_db
def test_of_all_that_were_held_at_once_each_is_tried_at_its_time(
    account: OfficialAccount, other: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    for each in (account, other):
        files(each, 5)
        outcomes[each.pk] = ApiError(48001, "api unauthorized")
    work.run(NAME)
    outcomes.clear()
    with time_machine.travel(max(after(hold) for hold in Hold.objects.all()), tick=False):
        assert work.run(NAME) == 10
    assert not Hold.objects.exists()


@pytest.mark.django_db
def test_what_comes_after_a_hold_has_ended_with_nothing_to_try_waits_for_nothing(
    account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    files(account, 1)
    outcomes[account.pk] = ApiError(48001, "api unauthorized")
    work.run(NAME)
    outcomes.clear()
    Asset.objects.all().delete()
    with time_machine.travel(after(Hold.objects.get()), tick=False):
        assert (work.run(NAME), work.KINDS.get(NAME).is_due()) == (0, False)
        files(account, 3)
        assert work.run(NAME) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "silent",
    [RuntimeError("a mistake"), ValidationError("图片太大"), work.NotYet(datetime.timedelta(hours=1))],
    ids=lambda error: type(error).__name__,
)
def test_a_probe_that_comes_to_no_answer_leaves_the_next_row_to_try(
    account: OfficialAccount, outcomes: dict[int, Exception | None], silent: Exception
) -> None:
    files(account, 3)
    outcomes[account.pk] = ApiError(48001, "api unauthorized")
    work.run(NAME)
    outcomes[account.pk] = silent
    with time_machine.travel(after(Hold.objects.get()), tick=False):
        assert work.run(NAME) == 3
        assert Hold.objects.exists(), "nobody has heard from the other side"
        outcomes.clear()
        files(account, 1)
        work.run(NAME)
    assert not Hold.objects.exists()


@pytest.mark.django_db
def test_held_work_goes_on_at_once_when_a_person_says_so(
    account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    files(account, 3)
    outcomes[account.pk] = ApiError(45009, "reach max api daily quota limit")
    work.run(NAME)
    outcomes.clear()
    holds.lift_all(Hold.objects.all())
    assert work.run(NAME) == 3


@pytest.mark.django_db
def test_a_circuit_opens_after_three_answers_that_are_none_and_gives_nothing_up(
    account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    files(account, 20)
    outcomes[account.pk] = AWAY
    assert work.run(NAME) == 3
    assert Asset.objects.filter(attempts=0).count() == 18
    for _probe in range(30):
        with time_machine.travel(after(Hold.objects.get()), tick=False):
            assert work.run(NAME) == 1
    assert set(Asset.objects.values_list("state", flat=True)) == {"pending"}
    outcomes.clear()
    with time_machine.travel(after(Hold.objects.get()) + datetime.timedelta(minutes=1), tick=False):
        work.run(NAME)
    assert states(account) == {("uploaded", 0)}


@pytest.mark.django_db
def test_each_probe_in_vain_makes_the_next_one_later(account: OfficialAccount) -> None:
    refused, pauses = ApiError(48001, "api unauthorized"), []
    with time_machine.travel(timezone.now(), tick=False):
        holds.report("menus.publish", account.pk, Cause.ACCOUNT, refused)
        for probe in range(5):
            held = Hold.objects.get()
            assert (held.probes, held.since) == (probe, timezone.now())
            assert held.until is not None
            pauses.append((held.until - timezone.now()).total_seconds() / 60)
            holds.report("menus.publish", account.pk, Cause.ACCOUNT, refused, is_probe=True)
    assert pauses == [1, 5, 15, 60, 60]


@pytest.mark.django_db
def test_failures_that_others_come_between_open_no_circuit(account: OfficialAccount) -> None:
    for _time in range(5):
        for _failure in range(2):
            assert not holds.report("menus.publish", account.pk, Cause.AWAY, AWAY)
        holds.answered(Hold.objects.all(), is_probe=False)


@pytest.mark.django_db
def test_those_in_flight_when_the_circuit_opened_postpone_nothing(account: OfficialAccount) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for _failure in range(3):
            holds.report("menus.publish", account.pk, Cause.AWAY, AWAY)
        opened = Hold.objects.get()
        for _straggler in range(90):
            assert holds.report("menus.publish", account.pk, Cause.AWAY, AWAY)
        assert Hold.objects.get().until == opened.until


@pytest.mark.django_db
def test_one_that_was_on_its_way_when_the_quota_was_used_up_shortens_no_hold(
    account: OfficialAccount,
) -> None:
    holds.report("menus.publish", account.pk, Cause.QUOTA, ApiError(45009, "reach max api daily quota limit"))
    held = Hold.objects.get()
    assert holds.report("menus.publish", account.pk, Cause.AWAY, AWAY)
    now = Hold.objects.get()
    assert (now.cause, now.until) == (Cause.QUOTA.value, held.until)


@pytest.mark.django_db
def test_calls_that_had_left_before_the_refusal_end_no_hold(account: OfficialAccount) -> None:
    holds.report("menus.publish", account.pk, Cause.RATE, ApiError(45011, "api minute-quota reach limit"))
    holds.answered(Hold.objects.all(), is_probe=False)
    assert Hold.objects.get().until
    holds.answered(Hold.objects.all(), is_probe=True)
    assert not Hold.objects.exists()


@pytest.mark.django_db
def test_a_fault_of_ours_is_tried_again_and_given_up_in_the_end(
    account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    files(account, 1)
    outcomes[account.pk] = RuntimeError("a mistake")
    for hours in range(8):
        with time_machine.travel(timezone.now() + datetime.timedelta(hours=2 * hours), tick=False):
            work.run(NAME)
    asset = Asset.objects.get()
    assert (asset.state, asset.error) == ("failed", "RuntimeError: a mistake")


@pytest.mark.django_db
def test_a_fault_of_ours_is_in_the_log_with_its_row_and_what_happens_every_day_is_not(
    account: OfficialAccount, outcomes: dict[int, Exception | None], caplog: pytest.LogCaptureFixture
) -> None:
    files(account, 1)
    outcomes[account.pk] = AWAY
    work.run(NAME)
    assert "work_failed" not in caplog.text
    outcomes[account.pk] = RuntimeError("a mistake")
    Hold.objects.all().delete()
    Asset.objects.update(due_at=timezone.now())
    work.run(NAME)
    (line,) = (each for each in caplog.records if each.getMessage() == "work_failed")
    assert (vars(line)["work"], vars(line)["row"]) == (NAME, Asset.objects.get().pk)


# --- turns, places, waking


@pytest.mark.django_db
def test_a_turn_ends_although_rows_keep_coming(
    account: OfficialAccount, outcomes: dict[int, Exception | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(waking, "publish", woken.append)
    monkeypatch.setattr(work.KINDS.get(NAME), "seconds", 0.0)
    files(account, 5)
    assert work.run(NAME) == 0
    assert woken == [NAME], "what is left waits behind the other kinds"


def test_bulk_work_leaves_one_process_of_a_worker_free(tmp_path: Path) -> None:
    bulk = places.ProcessPlaces()
    bulk.limit(tmp_path, 2)
    with bulk.one() as first, bulk.one() as second, bulk.one() as third:
        assert (first, second, third) == (True, True, False)
    with bulk.one() as again:
        assert again


def test_without_a_limit_there_is_always_a_place() -> None:
    with places.ProcessPlaces().one() as there_is_one:
        assert there_is_one


def test_a_broker_that_is_away_loses_a_wake_up_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **options: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(current_app, "send_task", away)
    waking.clear_mark("inbox.react")
    assert not waking.publish("inbox.react")
    assert not waking.publish("inbox.react"), "none waits there"


@pytest.mark.django_db
def test_one_wake_up_of_a_kind_waits_at_a_time_however_often_the_tick_finds_it_due(
    account: OfficialAccount, outcomes: dict[int, Exception | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(waking, "WAITS_SECONDS", 600)
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_options: sent.append(name))
    waking.clear_mark(NAME)
    files(account, 1)
    for _time in range(3):
        assert NAME in tick()
    assert sent.count(NAME) == 1
    outcomes[account.pk] = AWAY
    work.run(NAME)
    waking.publish(NAME)
    assert sent.count(NAME) == 2, "the first one has been taken: who is woken now sees what came since"


@pytest.mark.django_db
def test_the_tick_wakes_only_where_something_is_due(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PAUSE_SECONDS", 0)
    assert "inbox.react" not in tick()
    fill(account, 1)
    assert "inbox.react" in tick()


@pytest.mark.django_db
def test_a_tick_with_nothing_due_costs_one_query_a_kind(
    account: OfficialAccount, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert not work.KINDS.get(NAME).is_due()


@pytest.mark.django_db
def test_a_kind_that_cannot_say_whether_it_is_due_keeps_no_other_from_being_woken(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible() -> bool:
        raise ValueError("a row that makes no sense")

    monkeypatch.setattr(tasks, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(next(iter(work.KINDS)), "is_due", impossible)
    fill(account, 1)
    assert "inbox.react" in tick()


def test_a_kind_of_work_that_nobody_declared_cannot_be_woken() -> None:
    with pytest.raises(LookupError):
        work.wake("inbox.reacts")


@pytest.mark.parametrize("name", work.KINDS.names())
def test_every_kind_of_work_goes_through_one_of_the_two_queues(name: str) -> None:
    assert work.KINDS.get(name).queue in {work.INTERACTIVE, work.BULK}
    assert name in current_app.tasks


@pytest.mark.django_db
def test_the_metrics_tell_what_is_due_for_how_long_and_what_is_on_hold(
    account: OfficialAccount, outcomes: dict[int, Exception | None]
) -> None:
    """What is on hold is late for no want of workers: it wakes nobody up, and needs no more of them."""
    files(account, 2)
    Asset.objects.update(due_at=timezone.now() - datetime.timedelta(minutes=5))
    assert 295 <= oldest(text := exposition.text().decode()) <= 310
    assert f'wechat_work_due{{queue="bulk",work="{NAME}"}} 2.0' in text
    outcomes[account.pk] = ApiError(48001, "api unauthorized")
    work.run(NAME)
    text = exposition.text().decode()
    assert f'wechat_work_due{{queue="bulk",work="{NAME}"}} 2.0' in text
    held = f'wechat_work_held{{account="{account.slug}",cause="account",part="permanent",work="{NAME}"}} 1.0'
    assert held in text
    assert oldest(text) == 0
    with time_machine.travel(after(Hold.objects.get()), tick=False):
        assert oldest(exposition.text().decode()) > 0, "it may be tried again, and nobody does"


def oldest(text: str, work: str = NAME, queue: str = "bulk") -> float:
    (age,) = re.findall(rf'wechat_work_oldest_seconds{{queue="{queue}",work="{work}"}} ([0-9.]+)', text)
    return float(age)
