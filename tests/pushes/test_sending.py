import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.followers import erasing
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests import worker_processes
from tests.pushes.conftest import OK, WeChat, oldest_send
from tests.sdk.platform import Reply, answer
from tests.working import send_due
from wechat.kernel.work import holds
from wechat.pushes import claiming, outcomes, send_rates, windows
from wechat.pushes.models import Push, SendRate
from wechat.pushes.queueing import queue
from wechat.pushes.transitions import send_again
from wechat.pushes.windows import Trigger
from wechat.sdk.content import Text, TransferToService
from wechat.sdk.errors import Cause

pytestmark = pytest.mark.django_db(transaction=True)

State, Reason = Push.State, Push.Reason
LOST = Reply(b"", status=0)


def become_due(push: Push) -> None:
    Push.objects.filter(pk=push.pk).update(due_at=timezone.now())


def refuse(errcode: int) -> Callable[[str, str], Reply]:
    return lambda openid, text: answer(errcode=errcode, errmsg="no")


def left(account: OfficialAccount, openid: str = "oA") -> int:
    return windows.left(account, openid, timezone.now()).left


def test_a_push_within_the_window_is_sent(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], account: OfficialAccount
) -> None:
    wrote()
    push = asked("欢迎")
    assert send_due() == 1
    push.refresh_from_db()
    assert wechat.received == [("oA", "欢迎")]
    assert (push.state, push.due_at, push.attempts) == (State.SENT, None, 1)
    assert push.sent_at
    assert left(account) == 4


def test_without_a_window_nothing_is_sent_and_the_reason_is_kept(
    wechat: WeChat, asked: Callable[..., Push]
) -> None:
    push = asked()
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason, wechat.received) == (State.SKIPPED, Reason.NO_WINDOW, [])


def test_more_pushes_than_allowed_are_skipped(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    pushes = [asked(str(number)) for number in range(7)]
    send_due()
    assert [text for _, text in wechat.received] == ["0", "1", "2", "3", "4"]
    states = [Push.objects.get(pk=push.pk).state for push in pushes]
    assert states == [State.SENT] * 5 + [State.SKIPPED] * 2


def test_the_platform_knows_better_who_follows(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], account: OfficialAccount
) -> None:
    follower = Follower.objects.create(account=account, openid="oA")
    wrote()
    wechat.answers = refuse(43004)
    push = asked()
    send_due()
    push.refresh_from_db()
    follower.refresh_from_db()
    assert (push.state, push.reason) == (State.SKIPPED, Reason.NOT_FOLLOWING)
    assert not follower.subscribed


@pytest.mark.parametrize(("errcode", "reason"), [(45015, Reason.WINDOW_CLOSED), (45047, Reason.USED_UP)])
def test_the_platform_knows_the_window_better_than_our_ledger(
    wechat: WeChat,
    wrote: Callable[..., None],
    asked: Callable[..., Push],
    account: OfficialAccount,
    errcode: int,
    reason: str,
) -> None:
    wrote()
    wechat.answers = refuse(errcode)
    push = asked()
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason, push.errcode, left(account)) == (State.SKIPPED, reason, errcode, 0)


@pytest.mark.parametrize("errcode", [40003, 45002, 123456789])
def test_a_refusal_for_good_fails_and_is_not_repeated(
    wechat: WeChat,
    wrote: Callable[..., None],
    asked: Callable[..., Push],
    account: OfficialAccount,
    errcode: int,
) -> None:
    wrote()
    wechat.answers = refuse(errcode)
    push = asked()
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason, push.errcode) == (State.FAILED, Reason.REFUSED, errcode)
    assert left(account) == 5


def test_a_passing_refusal_is_tried_again_later(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    wechat.answers = refuse(-1)
    push, asked_at = asked(), timezone.now()
    send_due()
    push.refresh_from_db()
    assert (push.state, push.errcode) == (State.PENDING, -1)
    assert push.due_at
    assert push.due_at > asked_at + timedelta(seconds=1)
    wechat.answers = lambda openid, text: OK
    become_due(push)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.errcode, push.error, push.attempts) == (State.SENT, None, "", 2)


def test_what_fails_at_every_attempt_is_given_up(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], account: OfficialAccount
) -> None:
    wrote()
    wechat.answers = refuse(43108)
    push = asked()
    for _ in range(len(outcomes.RETRY_AFTER) + 1):
        become_due(push)
        send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.FAILED, Reason.GAVE_UP)
    assert left(account) == 5


def test_a_platform_that_cannot_be_reached_is_tried_again(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], settings: Any
) -> None:
    wrote()
    warm = asked("1")
    send_due()
    warm.refresh_from_db()
    assert warm.state == State.SENT
    settings.WECHAT_API_BASE = "http://127.0.0.1:9"
    push = asked("2")
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.PENDING, "")


def test_without_a_token_the_message_surely_never_left(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    wechat.invalidate()
    wechat.routes["/cgi-bin/stable_token"] = lambda request: LOST
    push = asked()
    send_due()
    push.refresh_from_db()
    assert (push.state, wechat.received) == (State.PENDING, [])


def test_a_lost_answer_is_uncertain_and_never_resent_by_itself(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], account: OfficialAccount
) -> None:
    wrote()
    wechat.answers = lambda openid, text: LOST
    push = asked()
    send_due()
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason, push.due_at) == (State.UNCERTAIN, Reason.NO_ANSWER, None)
    assert (len(wechat.received), left(account)) == (1, 4)


def test_what_is_uncertain_is_sent_again_when_a_person_says_so(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    wechat.answers = lambda openid, text: LOST
    push = asked()
    send_due()
    wechat.answers = lambda openid, text: OK
    assert send_again(push)
    assert not send_again(push)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.attempts, len(wechat.received)) == (State.SENT, 2, 2)


def test_content_that_can_only_answer_fails_in_plain_words(
    wechat: WeChat, wrote: Callable[..., None], account: OfficialAccount
) -> None:
    wrote()
    push = queue(account=account, openid="oA", content=TransferToService(), key="late:1")
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason, left(account)) == (State.FAILED, Reason.UNSENDABLE, 5)


def test_what_cannot_be_sent_delays_no_other_once_a_hold_is_over(
    wechat: WeChat, wrote: Callable[..., None], account: OfficialAccount, asked: Callable[..., Push]
) -> None:
    wechat.routes["/cgi-bin/get_api_domain_ip"] = lambda request: OK
    for openid in ("oA", "oB"):
        wrote(openid)
    queue(account=account, openid="oA", content=TransferToService(), key="late:1")
    asked("你好", "oB")
    held_until = timezone.now() + timedelta(minutes=1)
    holds.hold("pushes.send", account.pk, Cause.RATE, "minute-quota", part="service", until=held_until)
    assert send_due() == 0
    with time_machine.travel(held_until, tick=False):
        send_due()
    assert wechat.received == [("oB", "你好")]


def test_a_follower_gets_messages_in_order_even_if_the_first_has_to_wait(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote("oA")
    wrote("oB")
    wechat.answers = lambda openid, text: answer(errcode=-1) if text == "first" else OK
    first, _, _ = asked("first"), asked("second"), asked("other", "oB")
    send_due()
    assert wechat.received == [("oB", "other")]
    wechat.answers = lambda openid, text: OK
    become_due(first)
    send_due()
    assert wechat.received[1:] == [("oA", "first"), ("oA", "second")]


def test_what_is_to_go_next_month_holds_up_nothing(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    asked("next month", at=timezone.now() + timedelta(days=30))
    asked("now")
    send_due()
    assert wechat.received == [("oA", "now")]


def test_an_answer_does_not_wait_for_a_campaign(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], account: OfficialAccount
) -> None:
    wrote()
    Push.objects.filter(pk=asked("campaign").pk).update(bulk=True)
    asked("answer")
    held_until = timezone.now() + timedelta(hours=1)
    holds.hold("pushes.send_bulk", account.pk, Cause.QUOTA, "", part="service", until=held_until)
    send_due()
    assert wechat.received == [("oA", "answer")]


def test_what_a_campaign_says_comes_after_an_answer_that_is_tried_again(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    wechat.answers = lambda openid, text: answer(errcode=-1) if text == "answer" else OK
    first = asked("answer")
    Push.objects.filter(pk=asked("campaign").pk).update(bulk=True)
    send_due()
    assert not wechat.received
    wechat.answers = lambda openid, text: OK
    become_due(first)
    send_due()
    assert wechat.received == [("oA", "answer"), ("oA", "campaign")]


def test_a_turn_is_over_where_all_that_is_left_waits_for_an_earlier_message(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], account: OfficialAccount
) -> None:
    tried = []

    def refuse_first(openid: str, text: str) -> Reply:
        tried.append(text)
        return answer(errcode=-1)

    SendRate.objects.create(account=account, kind="service", per_second=40)
    wrote()
    wechat.answers = refuse_first
    asked("first"), asked("second")
    send_due()
    # A turn that goes on tries it again after 2 and 12 seconds; a slow machine may see the first of these.
    assert len(tried) < 3


def test_what_waits_for_an_earlier_message_asks_for_no_more_workers(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    wechat.answers = refuse(-1)
    first = asked("first")
    send_due()
    asked("second", at=timezone.now() - timedelta(minutes=10))
    first.refresh_from_db()
    assert first.due_at is not None
    with time_machine.travel(first.due_at - timedelta(seconds=1), tick=False):
        assert oldest_send() == 0
        assert not claiming.is_due(bulk=False)
    with time_machine.travel(first.due_at + timedelta(seconds=1), tick=False):
        assert oldest_send() == 1


def test_messages_there_are_not_take_nothing_from_the_rate(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], account: OfficialAccount
) -> None:
    SendRate.objects.create(account=account, kind="service", per_second=40)
    wrote()
    asked()
    send_due()
    assert send_rates.take(account.pk, "service", 40, 100) >= 9


def test_workers_side_by_side_send_everything_once_and_in_order(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    openids = [f"o{number}" for number in range(12)]
    for openid in openids:
        wrote(openid)
    for text in "1234":
        for openid in openids:
            asked(text, openid)

    def work(_: int) -> None:
        try:
            send_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    got = {openid: [text for to, text in wechat.received if to == openid] for openid in openids}
    assert got == {openid: ["1", "2", "3", "4"] for openid in openids}
    assert not Push.objects.exclude(state=State.SENT).exists()


def test_a_disabled_account_sends_nothing_until_it_is_enabled(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push], account: OfficialAccount
) -> None:
    wrote()
    asked()
    account.enabled = False
    account.save()
    assert send_due() == 0
    account.enabled = True
    account.save()
    assert send_due() == 1
    assert wechat.received == [("oA", "你好")]


def test_an_account_whose_secret_no_key_opens_waits_and_holds_up_no_other(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    other = OfficialAccount.objects.create(
        slug="other", name="Other", appid="wx00000000000000ff", token="othertoken", mode="plain"
    )
    OfficialAccount.objects.filter(pk=other.pk).update(appsecret=b"lost.from another installation")
    windows.grant(other, "oB", Trigger.MESSAGE, timezone.now())
    waiting = queue(account=other, openid="oB", content=Text("1"), key="test:other")
    Push.objects.filter(pk=waiting.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    asked("2")
    send_due()
    waiting.refresh_from_db()
    assert wechat.received == [("oA", "2")]
    assert (waiting.state, waiting.attempts) == (State.PENDING, 0)


def test_asking_again_with_the_same_key_gives_the_first_push(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()

    def ask(number: int) -> int:
        try:
            return asked(str(number), key="campaign:1:oA").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(12)))) == 1
    send_due()
    assert len(wechat.received) == 1


def test_a_push_asked_for_in_a_transaction_that_fails_is_never_sent(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    with transaction.atomic():
        asked()
        transaction.set_rollback(True)
    assert send_due() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "lost"},
        {"state": State.SENT},
        {"state": State.PENDING, "due_at": None},
        {"state": State.FAILED, "due_at": None},
        {"state": State.SKIPPED, "due_at": None, "reason": ""},
        {"reason": Reason.REFUSED},
    ],
)
def test_the_database_refuses_states_that_cannot_be(
    asked: Callable[..., Push], changes: dict[str, Any]
) -> None:
    push = asked()
    with pytest.raises(IntegrityError):
        Push.objects.filter(pk=push.pk).update(**changes)


# --- a worker that dies


@pytest.fixture
def worker(wechat: WeChat) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    code = "import django; django.setup(); from tests.working import send_due; send_due()"
    with ExitStack() as alive:
        yield lambda: alive.enter_context(worker_processes.running(code))


def test_a_worker_that_dies_with_a_push_in_flight_leaves_it_uncertain(
    wechat: WeChat,
    wrote: Callable[..., None],
    asked: Callable[..., Push],
    worker: Callable[[], "subprocess.Popen[bytes]"],
) -> None:
    wrote()
    called, free = threading.Event(), threading.Event()

    def slowly(openid: str, text: str) -> Reply:
        called.set()
        free.wait(60)
        return OK

    wechat.answers = slowly
    push, following = asked("1"), asked("2")
    process = worker()
    assert called.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    free.set()
    while not wechat.received:
        time.sleep(0.01)

    send_due()
    push.refresh_from_db()
    assert push.state == State.SENDING, "its lease has not ended"
    Push.objects.filter(pk=push.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    send_due()
    push.refresh_from_db()
    following.refresh_from_db()
    assert (push.state, push.reason) == (State.UNCERTAIN, Reason.INTERRUPTED)
    assert following.state == State.SENT
    assert wechat.received == [("oA", "1"), ("oA", "2")]


def test_an_answer_that_comes_after_the_lease_still_counts(
    wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    push = asked()

    def slowly(openid: str, text: str) -> Reply:
        try:
            become_due(push)
            claiming.release_interrupted(bulk=False)
            assert Push.objects.get().state == State.UNCERTAIN
        finally:
            connection.close()
        return OK

    wechat.answers = slowly
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.SENT, "")


def test_a_message_to_somebody_who_was_erased_meanwhile_is_not_sent(
    account: OfficialAccount, wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    push = asked("您的余额是 88 元")
    erasing.erase(Follower(account=account, openid="oA"))
    send_due()
    push.refresh_from_db()
    assert (wechat.received, push.state, push.reason) == ([], State.SKIPPED, Push.Reason.ERASED)
    assert "88" not in str(push.content)


def test_nor_is_one_that_waits_to_be_tried_again(
    account: OfficialAccount, wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push]
) -> None:
    wrote()
    push = asked("您的余额是 88 元")
    wechat.answers = lambda openid, text: answer(errcode=-1, errmsg="system error")
    send_due()
    push.refresh_from_db()
    assert push.state == State.PENDING
    erasing.erase(Follower(account=account, openid="oA"))
    wechat.answers = lambda openid, text: OK
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        send_due()
    push.refresh_from_db()
    assert (wechat.received, push.state, push.reason) == ([], State.SKIPPED, Push.Reason.ERASED)
    assert "88" not in str(push.content)


@pytest.mark.parametrize(
    ("reply", "state"), [(OK, State.SENT), (answer(errcode=-1, errmsg="system error"), State.SKIPPED)]
)
def test_one_that_was_being_sent_that_moment_keeps_no_word_and_is_tried_once(
    account: OfficialAccount, wechat: WeChat, wrote: Callable[..., None], asked: Callable[..., Push],
    reply: Reply, state: str,
) -> None:  # fmt: skip
    wrote()
    push = asked("您的余额是 88 元")
    tries = []

    def erased_meanwhile(openid: str, text: str) -> Reply:
        tries.append(text)
        erasing.erase(Follower(account=account, openid="oA"))
        connection.close()
        return reply

    wechat.answers = erased_meanwhile
    send_due()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        send_due()
    push.refresh_from_db()
    assert (tries, push.state) == (["您的余额是 88 元"], state)
    assert "88" not in str(push.content)
    assert not send_again(push)
