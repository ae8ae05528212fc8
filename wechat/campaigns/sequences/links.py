"""The links in the messages of sequences, which count taps."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from wechat.campaigns import links
from wechat.campaigns.models import StepRun
from wechat.contents import variables
from wechat.pushes.models import Push

NAME = "sequence_link"


def address(run: StepRun) -> str:
    """Returns the counted link that replaces the link of the step."""
    return links.signed(NAME, run.pk)


def show(request: HttpRequest, run_id: int, signature: str) -> HttpResponse:
    """Records the tap and redirects to the current target of the step's link."""
    links.check(NAME, run_id, signature)
    rows = StepRun.objects.select_related("step", "push", "enrolment__account")
    run = rows.filter(pk=run_id).first()
    if run is None:
        raise Http404
    if run.tapped_at is None:
        StepRun.objects.filter(pk=run.pk, tapped_at=None).update(tapped_at=timezone.now())
    values = variables.of_follower(run.enrolment.account, run.enrolment.openid, timezone.now())
    return links.leading_to(_target(run), values.by_name())


def _target(run: StepRun) -> str:
    """Returns the target of the link for the kind of message that was sent.

    If retention has deleted the push, that is the link of the step's card or else the step's link.
    """
    of_card = links.of_content(run.step.content)
    if run.push is None:
        return of_card or run.step.link
    return of_card if run.push.kind == Push.Kind.SERVICE else run.step.link
