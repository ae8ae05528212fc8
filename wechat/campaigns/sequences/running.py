"""The worker's side of sequences: whose turn it is, and the next message.

A step is done in the transaction that queues its push, under a key of its own: however often it is looked
at, it goes out once.
"""

import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers.models import Follower
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep, StepRun
from wechat.campaigns.sequences import turns
from wechat.contents.variables import Values, expand
from wechat.kernel import hours, placeholders, work
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue, queue_template
from wechat.sdk.beijing import BEIJING
from wechat.sdk.content import from_dict
from wechat.sdk.template_messages import TemplateMessage

State = Enrolment.State

ENROLMENTS = work.Kind(
    "campaigns.run_sequences",
    lambda: Enrolment.objects.filter(state=State.RUNNING),
    label=gettext_lazy("Sequences under way"),
    lease=datetime.timedelta(minutes=5),
    queue=work.BULK,
    batch=100,
    # It calls nobody: its messages are pushes.
    subject="",
    asks=Q(state=State.RUNNING),
)


@ENROLMENTS.calls_off
def take_out(enrolment: Enrolment) -> None:
    """Ends somebody's way through the sequence."""
    enrolment.done(state=State.STOPPED, reason=Enrolment.Reason.REMOVED, ended_at=timezone.now())


@ENROLMENTS.each
def advance(claimed: Enrolment) -> None:
    """One look at one enrolment: it waits, goes on by a step, or ends."""
    with turns.one_at_a_time(claimed.account_id, claimed.openid):
        rows = Enrolment.objects.select_related("sequence__account").select_for_update(
            of=("self",), no_key=True
        )
        enrolment = rows.filter(pk=claimed.pk, state=State.RUNNING).first()
        if enrolment is not None:
            _look(enrolment)


def _look(enrolment: Enrolment) -> None:
    if not enrolment.sequence.enabled or turns.has_to_wait(enrolment):
        enrolment.done(state=State.PAUSED)
        return
    step = next_step(enrolment)
    now = timezone.now()
    if step is None:
        enrolment.done(state=State.FINISHED, ended_at=now)
        turns.wake(enrolment.account_id, enrolment.openid)
        return
    at = after_quiet(enrolment.sequence, max(enrolment.since + delay(step), now))
    if at > now:
        enrolment.done(due_at=at)
    else:
        _do(enrolment, step, now)


def next_step(enrolment: Enrolment) -> SequenceStep | None:
    """The first step after the one reached that was not done before, as the steps are now."""
    done = StepRun.objects.filter(enrolment=enrolment).values("step")
    ahead = SequenceStep.objects.filter(sequence=enrolment.sequence_id, position__gt=enrolment.reached)
    return ahead.exclude(pk__in=done).select_related("template", "asset", "cover").first()


def delay(step: SequenceStep) -> datetime.timedelta:
    return datetime.timedelta(minutes=step.wait * step.unit)


def after_quiet(sequence: Sequence, at: datetime.datetime) -> datetime.datetime:
    """That time, or the end of the quiet time it falls into; the quiet time may go past midnight."""
    return hours.end_of(sequence.quiet_from, sequence.quiet_until, at) or at


def _do(enrolment: Enrolment, step: SequenceStep, now: datetime.datetime) -> None:
    push = _queued(enrolment, step, now)
    skipped = "" if push else StepRun.Skipped.NO_WINDOW
    StepRun.objects.get_or_create(enrolment=enrolment, step=step, defaults={"push": push, "skipped": skipped})
    # What comes next, or that it has ended, is worked out in another look.
    enrolment.done(reached=step.position, since=now, due_at=now)


def _queued(enrolment: Enrolment, step: SequenceStep, now: datetime.datetime) -> Push | None:
    """As a customer-service message while one is allowed, else from the template, else not at all."""
    account, openid = enrolment.sequence.account, enrolment.openid
    key, cause = f"sequence:{enrolment.pk}:{step.pk}", f"sequence:{enrolment.sequence_id}"
    values = _values(enrolment, now)
    if windows.left(account, openid, now).left:
        content = expand(from_dict(step.complete), values)
        if content is not None:
            return queue(account=account, openid=openid, content=content, key=key, cause=cause)
    if step.template is None or not step.has_template:
        return None
    message = TemplateMessage(
        template_id=step.template.platform_id,
        values=placeholders.fill_all(step.values, values.by_name()),
        url=placeholders.fill_address(step.link, values.by_name()),
    )
    kind = Push.Kind(step.template.kind)
    return queue_template(account=account, openid=openid, message=message, kind=kind, key=key, cause=cause)


def _values(enrolment: Enrolment, now: datetime.datetime) -> Values:
    account = enrolment.sequence.account
    known = Follower.objects.filter(account=account, openid=enrolment.openid)
    local = now.astimezone(BEIJING)
    return Values(
        openid=enrolment.openid,
        remark=known.values_list("remark", flat=True).first() or "",
        account=account.name,
        date=local.strftime("%Y-%m-%d"),
        time=local.strftime("%H:%M"),
    )
