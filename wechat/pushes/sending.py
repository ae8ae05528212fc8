"""The background work that sends pushes: claim, record the attempt, send, record the outcome.

A push is stored as *sending* before the platform is called, so that a killed worker leaves a trace. When its
lease ends without an outcome, a template message is retried, because the platform drops the repeat by its
``client_msg_id``; any other message is *uncertain*, and only a person may send it again.

Messages that somebody waits for and those of campaigns are two kinds of work: the former never wait for the
latter. For the same follower, a campaign's message is sent after those queued before it.
"""

from collections.abc import Sequence
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.kernel import metrics, work
from wechat.kernel.work import downtime
from wechat.pushes import claiming, lateness, outcomes, send_holds, send_rates, transitions
from wechat.pushes.claiming import SendQueue
from wechat.pushes.models import Push
from wechat.pushes.send_holds import UPLOAD
from wechat.pushes.sender_pool import Attempt, AttemptResult, HeldKey, SenderPool
from wechat.pushes.senders import Sender, SendVerdict
from wechat.pushes.transitions import AttemptOutcome
from wechat.sdk.errors import WeChatError

State, Reason = Push.State, Push.Reason

IN_FLIGHT = 96
# Claimed in addition if a repeat is harmless, so that no place waits for the next claim.
AHEAD = 128
TURN_SECONDS = 10.0
# How long a free place may stay empty while the others wait for the platform, or for the rate.
LOOK_SECONDS = 0.2
PACE_SECONDS = 0.02
# The most outcomes in one statement; a follower's next message waits for it.
TOGETHER = 200

SENDS = work.TurnKind(
    send_holds.SENDS,
    partial(claiming.is_due, bulk=False),
    label=gettext_lazy("Messages to single followers"),
    queue=work.INTERACTIVE,
    seconds=TURN_SECONDS,
    parts=send_holds.PARTS,
    rows=lambda: Push.objects.filter(state=State.PENDING, bulk=False),
    oldest_due=partial(claiming.oldest_due, bulk=False),
)
BULK_SENDS = work.TurnKind(
    send_holds.BULK_SENDS,
    partial(claiming.is_due, bulk=True),
    label=gettext_lazy("Messages of campaigns and sequences"),
    queue=work.BULK,
    seconds=TURN_SECONDS,
    parts=dict(Push.Kind.choices),
    rows=lambda: Push.objects.filter(state=State.PENDING, bulk=True),
    oldest_due=partial(claiming.oldest_due, bulk=True),
)


@SENDS.does
def send(turn: work.Turn) -> int:
    """Sends due pushes to single followers until none is due; returns the number of pushes claimed."""
    return _send_due(turn, bulk=False)


@BULK_SENDS.does
def send_bulk(turn: work.Turn) -> int:
    """Sends due pushes of campaigns until none is due; returns the number of pushes claimed."""
    return _send_due(turn, bulk=True)


def _send_due(turn: work.Turn, *, bulk: bool) -> int:
    downtime.note_work()
    claiming.release_interrupted(bulk=bulk)
    with SenderPool(IN_FLIGHT) as pool:
        return _Run(pool, turn, bulk=bulk).until_done()


class _Run:
    def __init__(self, pool: SenderPool, turn: work.Turn, *, bulk: bool) -> None:
        self.pool = pool
        self.turn = turn
        self.bulk = bulk
        self.accounts: dict[int, OfficialAccount] = {}
        self.taken = 0
        # Whether a push is due whose account has used up its rate for the moment.
        self.has_to_wait = False
        # What has a hold, or failures counted towards one.
        self.troubled: set[HeldKey] = set()

    def until_done(self) -> int:
        while self._take_on() or self.pool.in_flight or self.has_to_wait:
            self._settle(self.pool.results(PACE_SECONDS if self.has_to_wait else LOOK_SECONDS, TOGETHER))
        return self.taken

    def _take_on(self) -> int:
        """Claims pushes for the free places, queue by queue; returns their number."""
        self.has_to_wait = False
        if self.turn.is_over or self._free(AHEAD) < IN_FLIGHT // 2:
            return 0
        known = send_holds.held(bulk=self.bulk).values_list("subject", "part", "until")
        self.troubled = {(subject, part) for subject, part, _until in known}
        self.pool.held = {(subject, part) for subject, part, until in known if until}
        taken = sum(self._take_on_of(queue) for queue in claiming.due_queues(bulk=self.bulk))
        self.taken += taken
        return taken

    def _take_on_of(self, queue: SendQueue) -> int:
        free = self._free(AHEAD if queue.sender.repeatable_for else 0)
        if free < IN_FLIGHT // 2:
            return 0
        if queue.is_held:
            return self._probe(queue)
        pushes = self._claim(queue, free)
        self._start(queue, pushes)
        return len(pushes)

    def _claim(self, queue: SendQueue, free: int) -> Sequence[Push]:
        """Claims at most ``free`` pushes of a queue, and no more than the rate allows.

        If another worker claimed the due pushes first, the unused tokens are returned.
        """
        allowed = send_rates.take(queue.account_id, queue.kind, queue.per_second, free)
        pushes = claiming.claim(queue, allowed) if allowed else []
        if len(pushes) == allowed < free:
            self.has_to_wait = True
        elif len(pushes) < allowed:
            send_rates.give_back(queue.account_id, queue.kind, queue.per_second, allowed - len(pushes))
        return pushes

    def _probe(self, queue: SendQueue) -> int:
        """Probes a hold with one message; messages that cannot be sent are closed on the way."""
        lateness.set_aside_held(queue.account_id, queue.kind, bulk=self.bulk)
        taken = 0
        if send_holds.take_probe(queue.account_id, queue.kind, bulk=self.bulk):
            while (pushes := claiming.claim(queue, 1)) and not self._start(queue, pushes):
                taken += 1
            taken += len(pushes)
            if not pushes:
                send_holds.give_back_probe(queue.account_id, queue.kind, bulk=self.bulk)
        return taken

    def _start(self, queue: SendQueue, pushes: Sequence[Push]) -> int:
        if not pushes:
            return 0
        account = self._account(queue.account_id)
        probing = frozenset({queue.kind} if queue.is_held else ())
        if (account.pk, UPLOAD) in self.pool.held and any(map(queue.sender.needs_upload, pushes)):
            pushes, probing = self._put_off(queue, pushes, probing)
        attempts = begin(account, queue.sender, pushes, probing)
        for attempt in attempts:
            self.pool.start(attempt)
        if UPLOAD in probing and not any(UPLOAD in attempt.probed for attempt in attempts):
            send_holds.give_back_probe(account.pk, UPLOAD, bulk=self.bulk)
        return len(attempts)

    def _put_off(
        self, queue: SendQueue, pushes: Sequence[Push], probing: frozenset[str]
    ) -> tuple[Sequence[Push], frozenset[str]]:
        """Puts off the pushes that need an upload while uploads are on hold; returns the others.

        One of them stays as a probe when it is time for that.
        """
        waiting = [push for push in pushes if queue.sender.needs_upload(push)]
        if send_holds.take_probe(queue.account_id, UPLOAD, bulk=self.bulk):
            waiting, probing = waiting[1:], probing | {UPLOAD}
        transitions.save_outcomes([outcomes.put_off(push, claiming.lost_before(push)) for push in waiting])
        return [push for push in pushes if push not in waiting], probing

    def _settle(self, results: Sequence[AttemptResult]) -> None:
        """Records the outcomes of calls, and updates the holds."""
        for result in results:
            _count(result)
            self._update_holds(result)
        transitions.save_outcomes([outcomes.of(each, is_held=self._is_held(each)) for each in results])

    def _is_held(self, result: AttemptResult) -> bool:
        return (result.attempt.push.account_id, result.part) in self.pool.held

    def _update_holds(self, result: AttemptResult) -> None:
        attempt, settled = result.attempt, set(result.answered)
        for part in result.answered:
            self._answered(attempt, part)
        if result.error is not None and result.part not in settled and self._report(result, result.error):
            settled.add(result.part)
        for part in attempt.probed - settled:
            send_holds.give_back_probe(attempt.push.account_id, part, bulk=self.bulk)

    def _report(self, result: AttemptResult, error: WeChatError) -> bool:
        """Records an error; returns whether its part is on hold from now on."""
        attempt, key = result.attempt, (result.attempt.push.account_id, result.part)
        self.troubled.add(key)
        is_held = send_holds.report(*key, error, is_probe=result.part in attempt.probed)
        if is_held:
            self.pool.held.add(key)
        return is_held

    def _answered(self, attempt: Attempt, part: str) -> None:
        """Records that the platform answers again, which ends counted failures or a hold.

        Only a probe ends a hold: other calls had left before the refusal.
        """
        key, is_probe = (attempt.push.account_id, part), part in attempt.probed
        if key in self.troubled and (is_probe or key not in self.pool.held):
            send_holds.answered(*key, bulk=self.bulk, is_probe=is_probe)
            self.troubled.discard(key)
            self.pool.held.discard(key)

    def _free(self, ahead: int) -> int:
        return IN_FLIGHT + ahead - self.pool.in_flight

    def _account(self, account_id: int) -> OfficialAccount:
        if account_id not in self.accounts:
            self.accounts[account_id] = OfficialAccount.objects.get(pk=account_id)
        return self.accounts[account_id]


def _count(result: AttemptResult) -> None:
    metrics.SENDS.labels(result.attempt.push.kind, result.outcome).inc()


def begin(
    account: OfficialAccount, sender: Sender, pushes: Sequence[Push], probing: frozenset[str]
) -> list[Attempt]:
    """Takes the messages from the ledgers; returns the attempts, and closes pushes that may not be sent."""
    now = timezone.now()
    going, refused = _sorted_out(sender, pushes, sender.missing(account, pushes))
    paid = sender.take(account, going, now)
    refused += [outcomes.closed(push, sender.unaffordable) for push in going if push.pk not in paid]
    transitions.save_outcomes(refused)
    client = client_for(account)
    for push in going:
        push.account = account
    return [
        Attempt(
            push,
            sender,
            client,
            paid[push.pk],
            now,
            claiming.lost_before(push),
            sender.needs_upload(push),
            probing,
        )
        for push in going
        if push.pk in paid
    ]


def _sorted_out(
    sender: Sender, pushes: Sequence[Push], missing: set[str]
) -> tuple[list[Push], list[AttemptOutcome]]:
    """Returns the pushes to be sent, and the outcomes of those that are closed without a call."""
    going, refused = [], []
    for push in pushes:
        if push.template in missing:
            refused.append(outcomes.closed(push, SendVerdict(State.FAILED, Reason.TEMPLATE_GONE)))
        elif _is_forgotten(sender, push):
            refused.append(outcomes.closed(push, SendVerdict(State.UNCERTAIN, Reason.NO_ANSWER)))
        else:
            going.append(push)
    return going, refused


def _is_forgotten(sender: Sender, push: Push) -> bool:
    """Returns whether the platform no longer remembers the attempt whose answer was lost.

    A retry after that time would be delivered a second time.
    """
    if not sender.repeatable_for or push.tried_at is None:
        return False
    return push.tried_at + sender.repeatable_for < timezone.now()
