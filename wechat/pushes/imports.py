"""The import of the message templates and notices that the account has at WeChat."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.error_sentences import of_row
from accounts.official.models import OfficialAccount
from accounts.operations.imports import IMPORTS, Import, ImportState
from accounts.staff.rights import Area
from wechat.kernel import work
from wechat.pushes import library
from wechat.pushes.models import LibraryJob, Template


def _here(account: OfficialAccount) -> ImportState:
    jobs = LibraryJob.objects.filter(account=account, verb=LibraryJob.Verb.SYNC)
    job = jobs.order_by("-id").first()
    number = Template.objects.filter(account=account).count()
    moving = job is not None and job.state == LibraryJob.State.WAITING
    return ImportState(number, moving=moving, problem=of_row(job) if job else "")


def _read(account: OfficialAccount, by: User) -> str:
    library.sync(account)
    work.wake("pushes.work_on_templates")
    return _("The templates are read from WeChat.")


IMPORTS.add(
    "templates",
    Import(gettext_lazy("Message templates"), Area.SENDING, _here, _read, "admin:pushes_template_changelist"),
)
