"""The synchronisation of an account's templates with the platform; labels and notes of staff are kept.

Reading, adding and deleting are background jobs. Reference: WeChat reference 9.2, 10.1.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.kernel import work
from wechat.pushes.models import LibraryJob, Template
from wechat.sdk.answers import number, rows, text, texts
from wechat.sdk.calls import templates as api
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, TransportError

Verb, State, Kind = LibraryJob.Verb, LibraryJob.State, Template.Kind

JOBS = work.Kind(
    "pushes.work_on_templates",
    lambda: LibraryJob.objects.select_related("account"),
    label=gettext_lazy("Reading and changing templates"),
    lease=datetime.timedelta(minutes=2),
    queue=work.BULK,
)
LONG_TERM = 3
KEPT = ("title", "content", "example", "industry", "is_long_term", "choices")
# The errors for an account without one of the two kinds of templates, which then has none of them.
LACKING = frozenset({48001, 200100, 40013})


def sync(account: OfficialAccount) -> None:
    """Schedules the reading of the account's templates."""
    LibraryJob.objects.bulk_create(
        [LibraryJob(account=account, verb=Verb.SYNC, due_at=timezone.now())], ignore_conflicts=True
    )


def add_template(account: OfficialAccount, short_id: str, keywords: Sequence[str]) -> LibraryJob:
    details = {"kind": Kind.TEMPLATE.value, "short_id": short_id, "keywords": list(keywords)}
    return _create_job(account, Verb.ADD, details)


def add_notice(account: OfficialAccount, tid: str, kids: Sequence[int], scene: str) -> LibraryJob:
    details = {"kind": notice_kind(account).value, "tid": tid, "kids": list(kids), "scene": scene}
    return _create_job(account, Verb.ADD, details)


def delete(template: Template) -> LibraryJob:
    """Schedules the deletion of the template at the platform; here it stays, marked as missing."""
    details = {"kind": template.kind, "platform_id": template.platform_id, "title": template.title}
    return _create_job(template.account, Verb.DELETE, details)


def notice_kind(account: OfficialAccount) -> Template.Kind:
    return Kind.SUBSCRIBE if account.kind == OfficialAccount.Kind.MINIPROGRAM else Kind.NOTICE


def missed(account: OfficialAccount, platform_id: str) -> None:
    """Marks a template as missing after the platform said so: nothing more is sent with it."""
    Template.objects.filter(account=account, platform_id=platform_id, missing_since=None).update(
        missing_since=timezone.now()
    )


def missing(account: OfficialAccount, platform_ids: Iterable[str]) -> set[str]:
    found = Template.objects.filter(
        account=account, platform_id__in=set(platform_ids), missing_since__isnull=False
    )
    return set(found.values_list("platform_id", flat=True))


@JOBS.each
def perform(job: LibraryJob) -> None:
    """Performs one job at the platform, then reads the resulting templates."""
    client = client_for(job.account)
    if job.verb == Verb.ADD:
        try:
            _add_once(client, job)
        except TransportError as error:
            if not error.outcome_unknown:
                raise
            # The template may have been added, and must not be added twice: the next reading shows it.
            job.give_up(error)
            sync(job.account)
            return
    elif job.verb == Verb.DELETE:
        _delete(client, job.details)
    _read(client, job.account)
    job.done(state=State.DONE)


def _create_job(account: OfficialAccount, verb: LibraryJob.Verb, details: Mapping[str, Any]) -> LibraryJob:
    return LibraryJob.objects.create(account=account, verb=verb, details=dict(details), due_at=timezone.now())


def _add_once(client: Client, job: LibraryJob) -> None:
    """Adds the template, unless an earlier attempt without a known outcome has added it."""
    there = _found(client, job.account)
    if job.known is not None and any(_is_made(each, job) for each in there):
        return
    if not job.settle(known=[each.platform_id for each in there]):
        return
    try:
        _add(client, job.details)
    except ApiError:
        job.settle(known=None)
        raise


def _is_made(template: Template, job: LibraryJob) -> bool:
    """Returns whether a template is new since the job began, and is the one the job was to add."""
    is_new = template.kind == job.details["kind"] and template.platform_id not in (job.known or ())
    return is_new and all(each in template.content for each in job.details.get("keywords", ()))


def _add(client: Client, details: Mapping[str, Any]) -> None:
    if details["kind"] == Kind.TEMPLATE:
        api.add_private(client, details["short_id"], details["keywords"])
    else:
        api.add_notice(client, details["tid"], details["kids"], details["scene"])


def _delete(client: Client, details: Mapping[str, Any]) -> None:
    try:
        if details["kind"] == Kind.TEMPLATE:
            api.delete_private(client, details["platform_id"])
        else:
            api.delete_notice(client, details["platform_id"])
    except ApiError as error:
        if error.errcode != 40037:  # gone already
            raise


def _read(client: Client, account: OfficialAccount) -> None:
    found = _found(client, account)
    with transaction.atomic():
        Template.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["account", "platform_id"],
            update_fields=["kind", *KEPT, "missing_since"],
        )
        gone = Template.objects.filter(account=account, missing_since=None)
        gone.exclude(platform_id__in=[each.platform_id for each in found]).update(
            missing_since=timezone.now()
        )


def _found(client: Client, account: OfficialAccount) -> list[Template]:
    return [*_messages(client, account), *_notices(client, account)]


def _messages(client: Client, account: OfficialAccount) -> list[Template]:
    if account.kind == OfficialAccount.Kind.MINIPROGRAM:
        return []
    return [
        Template(
            account=account,
            kind=Kind.TEMPLATE,
            platform_id=text(each, "template_id"),
            title=text(each, "title")[:120],
            content=text(each, "content").strip(),
            example=text(each, "example").strip(),
            industry=_joined(text(each, "primary_industry"), text(each, "deputy_industry")),
        )
        for each in _unless_lacking(api.all_private, client)
        if text(each, "template_id")
    ]


def _notices(client: Client, account: OfficialAccount) -> list[Template]:
    return [
        Template(
            account=account,
            kind=notice_kind(account),
            platform_id=text(each, "priTmplId"),
            title=text(each, "title")[:120],
            content=text(each, "content").strip(),
            example=text(each, "example").strip(),
            is_long_term=number(each, "type") == LONG_TERM,
            choices={
                text(one, "keywordCode").removesuffix(".DATA"): texts(one, "enumValueList")
                for one in rows(each, "keywordEnumValueList")
            },
        )
        for each in _unless_lacking(api.notices, client)
        if text(each, "priTmplId")
    ]


def _unless_lacking(read: Any, client: Client) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = read(client)
    except ApiError as error:
        if error.errcode not in LACKING:
            raise
        return []
    return found


def _joined(*names: str) -> str:
    return " · ".join(name for name in names if name)[:120]
