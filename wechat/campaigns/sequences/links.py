"""The links of a sequence's messages, which count who taps them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from wechat.campaigns import links
from wechat.campaigns.models import StepRun
from wechat.contents import variables
from wechat.pushes.models import Push

NAME = "sequence_link"


def address(run: StepRun) -> str:
    """Returns the link that stands in for that of the step."""
    return links.signed(NAME, run.pk)


def show(request: HttpRequest, run_id: int, signature: str) -> HttpResponse:
    """Notes the tap and goes on to where the step's link leads now."""
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
    """Returns where the link leads, by the way the message went.

    Where the message was deleted with age, it leads where the step's card does, else to the step's link.
    """
    of_card = links.of_content(run.step.content)
    if run.push is None:
        return of_card or run.step.link
    return of_card if run.push.kind == Push.Kind.SERVICE else run.step.link
