"""How pages ask for work on many followers (``accounts.jobs``)."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation

from accounts.jobs import run_due
from accounts.models import BulkJob, OfficialAccount
from wechat.kernel import due


def ask(
    account: OfficialAccount, kind: str, details: Mapping[str, Any], by: User | None, **fields: Any
) -> BulkJob:
    """A job that is due now."""
    told = {"language": translation.get_language(), **details}
    job = BulkJob.objects.create(account=account, kind=kind, details=told, asked_by=by, **fields)
    transaction.on_commit(lambda: due.ring(run_due))
    return job
