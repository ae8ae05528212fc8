"""A row that kills its workers is set aside after three tries, and the rows beside it get done."""

import datetime
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import time_machine
from celery import Celery
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.followers.models import FollowerSync
from accounts.followers.syncing import SYNCS
from bench.own_redis import OwnRedis
from config.embedded import PROJECT
from tests import worker_processes
from tests.cast import Cast, message, signed_in
from tests.pushes.test_faults import until
from tests.working import react_to_due
from wechat.inbox import reacting, routing
from wechat.inbox.models import InboundMessage
from wechat.kernel import work
from wechat.kernel.models import Hold, Interruption
from wechat.kernel.work import interruptions

pytestmark = pytest.mark.django_db(transaction=True)

SECOND, MINUTE = datetime.timedelta(seconds=1), datetime.timedelta(minutes=1)
KILLED = -signal.SIGKILL
# Workers' processes one after the other, each for one turn, at a time of the test's: what one row has it do
# kills it. How it ended is told on a line of its own.
WORKERS = """
import os, signal, sys
import django
django.setup()
import time_machine
from wechat.inbox import routing
from wechat.kernel import work

@routing.reacts()
def crash(event):
    if event.row.text == "poison":
        os.kill(os.getpid(), signal.SIGKILL)

work.KINDS.get("followers.sync_followers").each(lambda row: os.kill(os.getpid(), signal.SIGKILL))

for line in sys.stdin:
    child = os.fork()
    if not child:
        name, at = line.split()
        with time_machine.travel(float(at)):
            work.run(name)
        os._exit(0)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
# A worker as it is shipped, with a reaction that goes on until the test lets it end.
SHIPPED = """
import os, sys, time
import django
django.setup()
from pathlib import Path
from config.celery import app
from wechat.inbox import routing

folder = Path(sys.argv[1])

@routing.reacts()
def linger(event):
    (folder / "begun").touch()
    while not (folder / "free").exists():
        time.sleep(0.01)

app.worker_main(["worker", "--concurrency", "1"])
"""

REACT, SYNC = reacting.REACTIONS.name, SYNCS.name
Turn = Callable[[str, datetime.datetime], int]


@pytest.fixture
def turn() -> Iterator[Turn]:
    """Returns how a worker's process ends that takes a turn at a time."""
    command = [sys.executable, "-c", WORKERS]
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env=worker_processes.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as workers:
        assert workers.stdin is not None
        assert workers.stdout is not None
        asked, output = workers.stdin, workers.stdout

        def take(name: str, at: datetime.datetime) -> int:
            print(name, at.timestamp(), file=asked, flush=True)
            ended = next(line for line in output if line.startswith("ended "))
            return int(ended.split()[1])

        yield take


@pytest.fixture
def reactions() -> Iterator[None]:
    """Removes all reactions but those of the test."""
    with routing.replaced():
        yield


def rows(staff: Cast, *texts: str) -> list[InboundMessage]:
    due = timezone.now() - SECOND
    return [message(staff.ours, text, due_at=due, handled_at=None) for text in texts]


def handled() -> list[str]:
    return list(InboundMessage.objects.exclude(handled_at=None).values_list("text", flat=True))


def after_its_lease(row: InboundMessage | FollowerSync) -> datetime.datetime:
    row.refresh_from_db()
    assert row.due_at is not None
    return row.due_at + SECOND


def killed_until_given_up(turn: Turn, name: str, row: InboundMessage | FollowerSync) -> int:
    """Returns how many workers the row killed."""
    at, killed = timezone.now(), 0
    while turn(name, at) == KILLED:
        killed += 1
        at = after_its_lease(row)
    return killed


def test_a_row_that_kills_its_worker_is_given_up_and_those_beside_it_are_done(
    staff: Cast, turn: Turn
) -> None:
    before, poison, _after = rows(staff, "before", "poison", "after")
    assert turn(REACT, timezone.now()) == KILLED
    assert handled() == [], "all of them were under one lease"
    first = after_its_lease(before)
    assert turn(REACT, first) == KILLED
    assert turn(REACT, first) == 0
    assert handled() == ["before", "after"]
    second = after_its_lease(poison)
    assert turn(REACT, second) == KILLED
    third = after_its_lease(poison)
    assert turn(REACT, third) == KILLED
    assert third - second > second - first > reacting.LEASE + MINUTE, "each try waits for longer"
    assert turn(REACT, after_its_lease(poison)) == 0
    poison.refresh_from_db()
    assert (poison.due_at, poison.handled_at, poison.attempts) == (None, None, 1)
    assert poison.error == interruptions.ENDED
    assert not Interruption.objects.exists()


def test_what_was_given_up_is_told_to_staff_in_words_and_tried_again_by_a_button(
    staff: Cast, turn: Turn
) -> None:
    (poison,) = rows(staff, "poison")
    assert killed_until_given_up(turn, REACT, poison) == 4, "once with others perhaps, and three times alone"
    owner = signed_in(staff.owner)
    shown = owner.get(reverse("operations_failures")).content.decode()
    assert "处理它的进程三次意外退出" in shown
    assert "处理它的进程三次意外退出" in log_page(owner, poison)
    cause = shown.split('name="cause" value="')[1].split('"')[0]
    asked = {"source": "messages", "cause": cause, "account": staff.ours.pk}
    assert owner.post(reverse("operations_failures"), asked).status_code == 302
    assert react_to_due() == 1
    assert handled() == ["poison"]
    assert "处理它的进程三次意外退出" not in owner.get(reverse("operations_failures")).content.decode()


def log_page(owner: Client, row: InboundMessage) -> str:
    return owner.get(reverse("admin:inbox_inboundmessage_change", args=[row.pk])).content.decode()


def test_an_innocent_row_is_forgotten_as_a_suspect_once_it_is_done(staff: Cast, turn: Turn) -> None:
    """It is due again and again, and shares its batch with what kills workers each time."""
    innocent, _poison = rows(staff, "innocent", "poison")
    at = timezone.now()
    for _time in range(5):
        InboundMessage.objects.update(due_at=at - SECOND, leased_until=None, handled_at=None, error="")
        assert turn(REACT, at) == KILLED
        at = after_its_lease(innocent)
        turn(REACT, at)
        assert handled() == ["innocent"]
        assert not Interruption.objects.filter(row=innocent.pk).exists()


def test_what_is_claimed_row_by_row_has_three_tries_in_all(staff: Cast, turn: Turn) -> None:
    sync = FollowerSync.objects.create(account=staff.ours, due_at=timezone.now())
    assert killed_until_given_up(turn, SYNC, sync) == 3
    sync.refresh_from_db()
    assert (sync.step, sync.error) == (FollowerSync.Step.STOPPED, interruptions.ENDED)


def test_what_is_given_up_unworked_leaves_finding_out_to_another_row_at_once(staff: Cast) -> None:
    due = timezone.now() - SECOND
    sync = FollowerSync.objects.create(account=staff.ours, due_at=due, leased_until=due)
    Interruption.objects.create(work=SYNC, row=str(sync.pk), times=interruptions.MOST - 1, at=due)
    Hold.objects.create(work=SYNC, subject=staff.ours.pk, cause="away", since=due, until=due)
    assert work.run(SYNC) == 1
    sync.refresh_from_db()
    until = Hold.objects.get().until
    assert (sync.error, until is not None and until <= timezone.now()) == (interruptions.ENDED, True)


def test_a_worker_that_is_stopped_ends_what_it_has_begun(
    staff: Cast, tmp_path: Path, redis: OwnRedis
) -> None:
    rows(staff, "slow")
    command = [sys.executable, "-c", SHIPPED, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=PROJECT, env=worker_processes.environment() | {"REDIS_URL": redis.url}
    ) as worker:
        Celery(broker=redis.url).send_task(REACT, queue=work.INTERACTIVE)
        until((tmp_path / "begun").exists)
        worker.send_signal(signal.SIGTERM)
        (tmp_path / "free").touch()
        assert worker.wait(60) == 0
    assert handled() == ["slow"]


def test_a_process_that_is_to_end_in_the_middle_leaves_no_suspects(staff: Cast, reactions: None) -> None:
    """A process of a worker ends so where the signal is sent to all of them."""
    taken: list[str] = []

    @routing.reacts()
    def end(event: routing.InboundEvent) -> None:
        taken.append("")
        if len(taken) == 1:
            sys.exit()

    first, _second = rows(staff, "first", "second")
    with pytest.raises(SystemExit):
        react_to_due()
    with time_machine.travel(after_its_lease(first), tick=False):
        assert reacting.REACTIONS.is_due()
        assert len(reacting.REACTIONS.claim()) == 2
    assert not Interruption.objects.exists()


def test_a_fault_that_is_of_a_batch_as_a_whole_ends_on_the_row_that_it_is_about(
    staff: Cast, reactions: None
) -> None:
    @routing.handled
    def count(done: Sequence[InboundMessage]) -> None:
        if any(row.text == "poison" for row in done):
            raise RuntimeError("a mistake")

    before, poison, _after = rows(staff, "before", "poison", "after")
    with pytest.raises(RuntimeError):
        react_to_due()
    with time_machine.travel(after_its_lease(before), tick=False):
        assert react_to_due() == 3
    poison.refresh_from_db()
    assert handled() == ["before", "after"]
    assert (poison.error, poison.attempts) == ("RuntimeError: a mistake", 1)
    assert poison.due_at is not None


def test_as_long_as_nobody_is_killed_claiming_costs_no_more(staff: Cast) -> None:
    rows(staff, "one", "two")
    with CaptureQueriesContext(connection) as statements:
        assert len(reacting.REACTIONS.claim()) == 2
    assert [each["sql"].split()[0] for each in statements] == ["BEGIN", "SELECT", "UPDATE", "COMMIT"]
