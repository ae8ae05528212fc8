"""The pages of WeChat's own customer service (微信客服系统): workers, waiting followers, sessions, records.

Each page calls the platform when it is opened, and shows its answer.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.followers import people
from accounts.followers.handles import handle_name
from accounts.followers.people import Person
from accounts.official.clients import client_for
from accounts.official.error_sentences import of_error
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.console.days import FIRST
from wechat.sdk.beijing import midnight
from wechat.sdk.calls import customer_service as kf
from wechat.sdk.client import Client
from wechat.sdk.errors import WeChatError

RECORDS_SHOWN = 1000
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Serving:
    worker: kf.ServiceWorker
    people: list[Person]


@account_page(Area.MESSAGES)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    if request.method == "POST":
        return _done(request, account)
    context = frame(request, _("WeChat's customer service"))
    try:
        client = client_for(account)
        workers = kf.workers(client)
        served = [(each, kf.sessions_of(client, each.account) if each.serving else []) for each in workers]
        waiting = [each.openid for each in kf.waiting(client)]
        known = people.of(account.pk, [*waiting, *(openid for _each, found in served for openid in found)])
        context["serving"] = [Serving(each, [known[openid] for openid in found]) for each, found in served]
        context["waiting"] = [known[openid] for openid in waiting]
        context["online"] = [each for each in workers if each.online]
    except WeChatError as error:
        context["wrong"] = of_error(error)
    return TemplateResponse(request, "desk/kf.html", context)


@account_page(Area.MESSAGES)
def records(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the messages of one day in WeChat's own customer service."""
    day = _day(request.GET.get("day", ""))
    context = frame(request, _("Records of WeChat's customer service"), day=day)
    begins = midnight(day)
    ends = min(begins + DAY, timezone.now())
    try:
        records = kf.records(client_for(account), int(begins.timestamp()), int(ends.timestamp()))
        found = list(islice(records, RECORDS_SHOWN))
        known = people.of(account.pk, (each.openid for each in found))
        context["records"] = [
            (datetime.datetime.fromtimestamp(each.at, datetime.UTC), each, known.get(each.openid))
            for each in found
        ]
    except WeChatError as error:
        context["wrong"] = of_error(error)
    return TemplateResponse(request, "desk/kf_records.html", context)


def _done(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    action = ACTIONS.get(request.POST.get("do", ""))
    if action is None:
        raise PermissionDenied
    try:
        action(client_for(account), request.POST)
    except WeChatError as error:
        messages.error(request, of_error(error))
    else:
        openid = request.POST.get("openid", "")
        details = [
            request.POST.get("worker", ""),
            openid and handle_name(openid),
            request.POST.get("nickname", ""),
        ]
        done = DONE[request.POST["do"]]
        audit.record(request, account, f"{done}: {' '.join(filter(None, details))}")
        messages.success(request, _("Done."))
    return redirect("admin:desk_kf")


def _add(client: Client, given: QueryDict) -> None:
    kf.add_worker(client, _text(given, "worker"), _text(given, "nickname"))


def _rename(client: Client, given: QueryDict) -> None:
    kf.rename_worker(client, _text(given, "worker"), _text(given, "nickname"))


def _delete(client: Client, given: QueryDict) -> None:
    kf.delete_worker(client, _text(given, "worker"))


def _invite(client: Client, given: QueryDict) -> None:
    kf.invite_worker(client, _text(given, "worker"), _text(given, "wechat_id"))


def _serve(client: Client, given: QueryDict) -> None:
    kf.create_session(client, _text(given, "worker"), _text(given, "openid"))


def _end(client: Client, given: QueryDict) -> None:
    kf.close_session(client, _text(given, "worker"), _text(given, "openid"))


DONE: Mapping[str, StrOrPromise] = {
    "add": gettext_lazy("Added a worker of WeChat's customer service"),
    "rename": gettext_lazy("Renamed a worker of WeChat's customer service"),
    "delete": gettext_lazy("Deleted a worker of WeChat's customer service"),
    "invite": gettext_lazy("Invited a worker of WeChat's customer service"),
    "serve": gettext_lazy("Gave a follower to WeChat's customer service"),
    "end": gettext_lazy("Ended a talk of WeChat's customer service"),
}
ACTIONS: Mapping[str, Callable[[Client, QueryDict], None]] = {
    "add": _add,
    "rename": _rename,
    "delete": _delete,
    "invite": _invite,
    "serve": _serve,
    "end": _end,
}


def _text(given: QueryDict, name: str) -> str:
    return str(given.get(name, "")).strip()


def _day(text: str) -> datetime.date:
    today = timezone.localdate()
    try:
        return max(min(parse_date(text) or today, today), FIRST)
    except ValueError:
        return today
