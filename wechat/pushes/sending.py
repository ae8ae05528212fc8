"""The worker's side of a push: claimed, written down as being sent, sent, and what became of it.

A push is *sending* in Postgres before the platform is called, so whatever kills the worker leaves a trace.
When the lease ends without an outcome, a template message is sent again, because the platform drops the
repeat by its ``client_msg_id``; anything else is *uncertain*, and only a person may send it again.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

from accounts.clients import client_for
from accounts.models import OfficialAccount
from wechat.pushes import outcomes, rates
from wechat.pushes.claiming import Lane, claim, due_lanes, release_interrupted
from wechat.pushes.flights import Attempt, Flights, Landing
from wechat.pushes.models import Push
from wechat.pushes.outcomes import Outcome
from wechat.pushes.senders import Sender, Verdict

State, Reason = Push.State, Push.Reason

IN_FLIGHT = 96
# Claimed beyond that, where a kill does no harm, so that no place waits for the next claim.
AHEAD = 128
# A worker that is told to stop finishes its task first, so no task goes on for ever.
RUN_SECONDS = 20.0
# How long a free place may stay empty while the others wait for the platform, or for their turn.
LOOK_SECONDS = 0.2
TURN_SECONDS = 0.02
# Outcomes share a statement; a follower's next message waits for it.
TOGETHER = 200
# So many processes send at a time; the others of a worker are free for everything else.
SENDERS_AT_ONCE = 2
LOCK_CLASS = 0x70757368


def send_due() -> int:
    """Send what is due until nothing is; how many pushes were taken on."""
    with _place() as there_is_one:
        if not there_is_one:
            return 0
        release_interrupted()
        with Flights(IN_FLIGHT) as flights:
            return _Run(flights).until_done()


class _Run:
    def __init__(self, flights: Flights) -> None:
        self.flights = flights
        self.ends_at = time.monotonic() + RUN_SECONDS
        self.accounts: dict[int, OfficialAccount] = {}
        self.taken = 0
        # Whether something is due whose account has sent as much as it may for the moment.
        self.has_to_wait = False

    def until_done(self) -> int:
        while self._take_on() or self.flights.flying or self.has_to_wait:
            settle(self.flights.landings(TURN_SECONDS if self.has_to_wait else LOOK_SECONDS, TOGETHER))
        return self.taken

    def _take_on(self) -> int:
        """Claim for the places that are free, lane by lane; how many were taken on."""
        self.has_to_wait = False
        if time.monotonic() >= self.ends_at or self._free(AHEAD) < IN_FLIGHT // 2:
            return 0
        taken = sum(self._take_on_of(lane) for lane in due_lanes())
        self.taken += taken
        return taken

    def _take_on_of(self, lane: Lane) -> int:
        free = self._free(AHEAD if lane.sender.repeatable_for else 0)
        if free < IN_FLIGHT // 2:
            return 0
        allowed = rates.take(lane.account_id, lane.kind, lane.per_second, free)
        self.has_to_wait |= allowed < free
        pushes = claim(lane, allowed) if allowed else []
        if pushes:
            for attempt in begin(self._account(lane.account_id), lane.sender, pushes):
                self.flights.start(attempt)
        return len(pushes)

    def _free(self, ahead: int) -> int:
        return IN_FLIGHT + ahead - self.flights.flying

    def _account(self, account_id: int) -> OfficialAccount:
        if account_id not in self.accounts:
            self.accounts[account_id] = OfficialAccount.objects.get(pk=account_id)
        return self.accounts[account_id]


def begin(account: OfficialAccount, sender: Sender, pushes: Sequence[Push]) -> list[Attempt]:
    """Take the messages from the followers' ledgers; what may not be sent, or no longer, is closed."""
    now = timezone.now()
    going, refused = _sorted_out(sender, pushes, sender.missing(account, pushes))
    paid = sender.take(account, going, now)
    refused += [outcomes.closed(push, sender.unaffordable) for push in going if push.pk not in paid]
    outcomes.keep(refused)
    client = client_for(account)
    for push in going:
        push.account = account
    return [Attempt(push, sender, client, paid[push.pk], now) for push in going if push.pk in paid]


def settle(landings: Sequence[Landing]) -> None:
    """Keep on the rows what became of the calls."""
    outcomes.keep([outcomes.of(landing) for landing in landings])


def _sorted_out(
    sender: Sender, pushes: Sequence[Push], missing: set[str]
) -> tuple[list[Push], list[Outcome]]:
    """The pushes to be sent; those it would be wrong or useless to send, closed."""
    going, refused = [], []
    for push in pushes:
        if push.template in missing:
            refused.append(outcomes.closed(push, Verdict(State.FAILED, Reason.TEMPLATE_GONE)))
        elif _is_forgotten(sender, push):
            refused.append(outcomes.closed(push, Verdict(State.UNCERTAIN, Reason.NO_ANSWER)))
        else:
            going.append(push)
    return going, refused


def _is_forgotten(sender: Sender, push: Push) -> bool:
    """Whether the platform no longer remembers the attempt whose answer was lost, and would send it twice."""
    if not sender.repeatable_for or push.tried_at is None:
        return False
    return push.tried_at + sender.repeatable_for < timezone.now()


@contextmanager
def _place() -> Iterator[bool]:
    """One of the few places for senders, for as long as the connection lives; ``False`` if all are taken."""
    with connection.cursor() as cursor:
        for number in range(SENDERS_AT_ONCE):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, number])
            if cursor.fetchone() == (True,):
                break
        else:
            yield False
            return
    try:
        yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, number])
