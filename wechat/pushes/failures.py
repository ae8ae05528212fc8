"""The failure sources of messages that were not sent, and of failed work on templates."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.error_sentences import in_words
from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from wechat.kernel import work
from wechat.pushes import transitions
from wechat.pushes.models import LibraryJob, Push

State, Reason = Push.State, Push.Reason


def _failed(account: OfficialAccount) -> QuerySet[Push]:
    return Push.objects.filter(account=account, state=State.FAILED)


def _uncertain(account: OfficialAccount) -> QuerySet[Push]:
    return Push.objects.filter(account=account, state=State.UNCERTAIN)


def _why(errcode: int | None, reason: str) -> str:
    if reason in {"", Reason.REFUSED} and errcode is not None:
        return in_words(errcode)
    return str(Reason(reason).label) if reason in Reason.values else reason


def _send_again(rows: QuerySet[Push]) -> int:
    return sum(transitions.send_again(push) for push in rows)


def _page(push: Push) -> str:
    return reverse("admin:pushes_push_change", args=[push.pk])


def _jobs(account: OfficialAccount) -> QuerySet[LibraryJob]:
    """Returns the failed jobs that were not repeated since.

    A repeated job is no longer a failure; if it fails again, the new job is.
    """
    jobs = LibraryJob.objects.filter(account=account)
    same = jobs.filter(verb=OuterRef("verb"), details=OuterRef("details"), pk__gt=OuterRef("pk"))
    return jobs.filter(~Exists(same), state=LibraryJob.State.FAILED)


def _do_again(rows: QuerySet[LibraryJob]) -> int:
    made = [
        LibraryJob(
            account=job.account, verb=job.verb, details=job.details, known=job.known, due_at=timezone.now()
        )
        for job in rows.select_related("account")
    ]
    LibraryJob.objects.bulk_create(made, ignore_conflicts=True)
    work.wake("pushes.work_on_templates")
    return len(made)


def _templates(job: Any) -> str:
    return reverse("admin:pushes_template_changelist")


SOURCES.add(
    "pushes",
    FailureSource(
        gettext_lazy("Messages not sent"), Area.SENDING, _failed, _send_again, _page,
        cause=("errcode", "reason"), words=_why,
    ),
)  # fmt: skip
SOURCES.add(
    "pushes_uncertain",
    FailureSource(
        gettext_lazy("Messages whose outcome is unknown"), Area.SENDING, _uncertain, _send_again, _page,
        cause=("errcode", "reason"), words=_why,
        caution=gettext_lazy("The followers may have the message already, and would get it twice."),
    ),
)  # fmt: skip
SOURCES.add(
    "templates", FailureSource(gettext_lazy("Work on templates"), Area.SENDING, _jobs, _do_again, _templates)
)
