"""The background work on enrolments: whose turn it is, which step is due, what comes next.

A step is done in one transaction with the row that records it; a message is queued there under an idempotency
key of its own. However often an enrolment is processed, each step is done once.
"""

import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers import tagging
from accounts.followers.models import Follower
from accounts.followers.segments import UnknownCondition
from wechat.campaigns import capping
from wechat.campaigns.links import in_content
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep, StepRun
from wechat.campaigns.sequences import links, paths, timing, turns
from wechat.contents.variables import Values, expand
from wechat.kernel import placeholders, work
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue, queue_template
from wechat.sdk.beijing import BEIJING
from wechat.sdk.stored_content import from_dict
from wechat.sdk.template_messages import TemplateMessage

State, Reason = Enrolment.State, Enrolment.Reason
# When to look again at a message that must wait because the one before it has not been sent.
OVERTAKING = datetime.timedelta(seconds=5)
# A step done within this time is on time: the next one is scheduled from when it was due.
ON_TIME = datetime.timedelta(minutes=5)
Type, Lane, Skipped = SequenceStep.Type, SequenceStep.Lane, StepRun.Skipped


class _Enrolments(work.Kind[Enrolment]):
    """The kind of work on enrolments. A failed one does not hold up the follower's other enrolments."""

    def failed(self, row: Enrolment, error: Exception, *others: Enrolment) -> None:
        super().failed(row, error, *others)
        turns.wake_under_lock(row.account_id, row.openid)

    def gave_up_unworked(self, row: Enrolment) -> None:
        turns.wake_under_lock(row.account_id, row.openid)


ENROLMENTS = _Enrolments(
    "campaigns.run_sequences",
    lambda: Enrolment.objects.filter(state=State.RUNNING, account__enabled=True),
    label=gettext_lazy("Sequences under way"),
    lease=datetime.timedelta(minutes=5),
    queue=work.BULK,
    batch=100,
    # It calls no platform: its messages are pushes.
    subject="",
    asks=Q(state=State.RUNNING),
)


@ENROLMENTS.cancels
def take_out(enrolment: Enrolment) -> None:
    """Stops an enrolment, and wakes the follower's other ones."""
    enrolment.done(state=State.STOPPED, reason=Reason.REMOVED, step=None, ended_at=timezone.now())
    turns.wake_under_lock(enrolment.account_id, enrolment.openid)


@ENROLMENTS.each
def advance(claimed: Enrolment) -> None:
    """Processes one enrolment: does the steps that are due, then waits or ends."""
    with turns.one_at_a_time(claimed.account_id, claimed.openid):
        rows = Enrolment.objects.select_related("sequence__account").select_for_update(
            of=("self",), no_key=True
        )
        enrolment = rows.filter(pk=claimed.pk, state=State.RUNNING).first()
        if enrolment is not None:
            _do_due_steps(enrolment)


def _do_due_steps(enrolment: Enrolment) -> None:
    now = timezone.now()
    if not enrolment.sequence.enabled or turns.has_to_wait(enrolment):
        enrolment.done(state=State.PAUSED)
        return
    follower = Follower.objects.filter(account=enrolment.account_id, openid=enrolment.openid).first()
    if follower is not None and not follower.subscribed:
        _end(enrolment, now, state=State.STOPPED, reason=Reason.LEFT)
        return
    steps, done = steps_of(enrolment.sequence_id), done_by(enrolment)
    since = enrolment.since
    while (step := paths.following(steps, done)) is not None:
        due = timing.allowed(enrolment.sequence, step, timing.due(step, since))
        at = _when(enrolment.sequence, step, due, now)
        if at <= now and step.type == Type.MESSAGE and _is_overtaking(enrolment):
            at = now + OVERTAKING
        if at > now:
            enrolment.done(step=step, since=since, due_at=at)
            return
        run = _do(enrolment, step, follower, now)
        done[step.pk], since = run.lane, due if now - due < ON_TIME else now
        if step.type == Type.END:
            break
    _end(enrolment, now, state=State.FINISHED, since=since)


def _when(
    sequence: Sequence, step: SequenceStep, due: datetime.datetime, now: datetime.datetime
) -> datetime.datetime:
    """Returns when the step may be done: what is on time may be, even if its day has ended just now."""
    if now - due < ON_TIME:
        return timing.outside_quiet(sequence, step, max(due, now))
    return timing.allowed(sequence, step, now)


def _is_overtaking(enrolment: Enrolment) -> bool:
    """Returns whether a message could arrive before the previous one, which has not been sent yet.

    Customer-service messages keep their order by themselves; others are sent in parallel.
    """
    waiting = enrolment.runs.filter(push__due_at__isnull=False)
    return waiting.exclude(push__kind=Push.Kind.SERVICE).exists()


def _end(enrolment: Enrolment, now: datetime.datetime, **changes: object) -> None:
    enrolment.done(step=None, ended_at=now, **changes)
    turns.wake(enrolment.account_id, enrolment.openid)


def steps_of(sequence_id: int) -> list[SequenceStep]:
    """Returns the current steps of a sequence, with the related rows needed to do them."""
    steps = SequenceStep.objects.filter(sequence=sequence_id)
    return list(steps.select_related("sequence__account", "template", "asset", "cover", "tag"))


def done_by(enrolment: Enrolment) -> dict[int, str]:
    """Returns the steps that were done: by step id the lane that was taken, or the empty text."""
    return dict(enrolment.runs.values_list("step", "lane"))


def _do(
    enrolment: Enrolment, step: SequenceStep, follower: Follower | None, now: datetime.datetime
) -> StepRun:
    run = StepRun(enrolment=enrolment, step=step)
    match Type(step.type):
        case Type.MESSAGE:
            if is_capped(enrolment.sequence, enrolment.openid, now):
                run.skipped = Skipped.RECENTLY
            else:
                # Saved first, because the link contains its id.
                run.save()
                run.push = _queued(run, follower, now)
                run.skipped = "" if run.push else Skipped.NO_WINDOW
        case Type.BRANCH:
            run.lane, run.skipped = lane_of(step, follower)
        case Type.TAG | Type.UNTAG:
            run.skipped = _change_tag(step, follower)
        case Type.WAIT | Type.END:
            pass
    run.save()
    return run


def lane_of(step: SequenceStep, follower: Follower | None) -> tuple[str, str]:
    """Returns the lane at a branch now, and why its conditions were not evaluated (else the empty text)."""
    if follower is None:
        return Lane.NO.value, Skipped.NO_FOLLOWER.value
    try:
        is_met = Follower.objects.filter(step.condition(), pk=follower.pk).exists()
    except UnknownCondition:
        return Lane.NO.value, Skipped.DELETED.value
    return (Lane.YES if is_met else Lane.NO).value, ""


def is_capped(sequence: Sequence, openid: str, at: datetime.datetime) -> bool:
    """Returns whether the follower was sent another message within the sequence's frequency cap."""
    if not sequence.cap_days:
        return False
    since = at - datetime.timedelta(days=sequence.cap_days)
    return capping.was_reached(sequence.account, openid, since, exclude=sequence.cause)


def _change_tag(step: SequenceStep, follower: Follower | None) -> str:
    """Adds a tag to the follower, or removes it; returns why nothing was done, or the empty text."""
    if step.tag is None:
        return Skipped.DELETED.value
    if follower is None:
        return Skipped.NO_FOLLOWER.value
    change = tagging.add if step.type == Type.TAG else tagging.remove
    change(step.tag, [follower.pk])
    return ""


def _queued(run: StepRun, follower: Follower | None, now: datetime.datetime) -> Push | None:
    """Queues the message of a step; returns its push, or ``None`` if nothing may be sent.

    It is a customer-service message while one is allowed, otherwise from the template, otherwise nothing.
    """
    enrolment, step = run.enrolment, run.step
    account, openid = enrolment.sequence.account, enrolment.openid
    link = links.address(run) if enrolment.sequence.tracked else ""
    key, cause = f"sequence:{enrolment.pk}:{step.pk}", enrolment.sequence.cause
    values = _values(enrolment, follower, now)
    if windows.left(account, openid, now).left:
        content = expand(from_dict(in_content(step.complete, link)), values)
        if content is not None:
            return queue(account=account, openid=openid, content=content, key=key, cause=cause)
    if step.template is None or not step.has_template:
        return None
    message = TemplateMessage(
        template_id=step.template.platform_id,
        values=placeholders.fill_all(step.values, values.by_name()),
        url=link if link and step.link else placeholders.fill_address(step.link, values.by_name()),
        appid=step.appid,
        pagepath=placeholders.fill_address(step.pagepath, values.by_name()),
    )
    kind = Push.Kind(step.template.kind)
    return queue_template(account=account, openid=openid, message=message, kind=kind, key=key, cause=cause)


def _values(enrolment: Enrolment, follower: Follower | None, now: datetime.datetime) -> Values:
    local = now.astimezone(BEIJING)
    return Values(
        openid=enrolment.openid,
        remark=follower.remark if follower else "",
        account=enrolment.sequence.account.name,
        date=local.strftime("%Y-%m-%d"),
        time=local.strftime("%H:%M"),
    )
