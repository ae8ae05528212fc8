"""The requests of pages for bulk jobs (``accounts.followers.jobs``)."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.utils import translation

from accounts.followers.models import BulkJob
from accounts.official.models import OfficialAccount
from wechat.kernel import work


def ask(
    account: OfficialAccount, kind: str, details: Mapping[str, Any], by: User | None, **fields: Any
) -> BulkJob:
    """Makes and returns a job that is due now."""
    stored = {"language": translation.get_language(), **details}
    job = BulkJob.objects.create(account=account, kind=kind, details=stored, asked_by=by, **fields)
    work.wake("followers.run_jobs")
    return job
