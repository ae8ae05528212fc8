"""The acceptance of messages from business systems: checked, then committed together with the answer."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation
from rest_framework.response import Response

from accounts.official.models import OfficialAccount
from wechat.api import idempotency
from wechat.api.errors import ApiRefusal
from wechat.api.loop import LoopView, in_thread
from wechat.api.models import ApiClient
from wechat.api.one_statement import Calls, StatementCall, new_number
from wechat.api.views import BusinessView
from wechat.contents.checks import sentence
from wechat.kernel import tracing
from wechat.kernel.work import waking
from wechat.pushes import known_templates, reports
from wechat.pushes.models import Push
from wechat.pushes.requested import RequestedPush
from wechat.pushes.serializers import PushRequestSerializer
from wechat.pushes.values import check_all
from wechat.sdk import template_messages
from wechat.sdk.content import to_service_json
from wechat.sdk.content_limits import validate
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict, to_dict
from wechat.sdk.template_messages import TemplateMessage

# A larger body is checked in a thread, because the check would block the event loop.
MOST_IN_LOOP = 16 * 1024
# The most messages in one commit.
BATCH_LIMIT = 1000
STATUS = 202

# The rows are one JSON parameter. One serializer serves all requests, because it stores nothing it checks.
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
REQUESTS = PushRequestSerializer()

GIVEN = """
SELECT nextval('pushes_push_id_seq') AS id, message.* FROM json_to_recordset(%(rows)s) AS message(
    request bigint, number int, account_id bigint, openid text, kind text, template text, content jsonb,
    key text, due_at timestamptz, created_at timestamptz, trace text, described text
)
"""
ANSWERS = """
SELECT request,
    '{"messages":[' || string_agg('{"id":' || id || ',' || described, ',' ORDER BY number) || ']}' AS answer
FROM given GROUP BY request
"""
QUEUE = """
INSERT INTO pushes_push
    (id, account_id, caller_id, openid, kind, template, content, key, due_at, created_at,
     trace, cause, state, reason, attempts, error, bulk)
SELECT id, account_id, client_id, openid, kind, template, content, key, due_at, created_at,
    trace, 'api', 'pending', '', 0, '', false
FROM given JOIN mine USING (request) ORDER BY id
"""

_calls = Calls("pushes", given=GIVEN, answers=ANSWERS, work=QUEUE, status=STATUS, most=BATCH_LIMIT)


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """The checked messages of one request with the prefix of their keys, and the call that queues them."""

    client: ApiClient
    prefix: str
    pushes: Sequence[RequestedPush]
    call: StatementCall


async def checked(view: LoopView, body: Any, size: int) -> CheckedRequest:
    """Returns the checked messages of a request, and the call that queues them.

    Raises ``ValidationError`` for a body of the wrong form, ``ApiRefusal`` for messages that are wrong.
    """
    if size > MOST_IN_LOOP:
        return await in_thread(_checked, view, body)
    return _checked(view, body)


async def accept(request: CheckedRequest) -> str:
    """Queues the messages; returns the answer as JSON. Raises the errors of ``Calls.carry_out``."""
    try:
        answer = await _calls.carry_out(request.call)
    except UniqueViolation:
        answer = await in_thread(_answer_again, request)
    waking.wake_now("pushes.send")
    return answer


def key_of(view: BusinessView) -> str:
    """Returns the prefix of the keys of a request's pushes. Each key ends with a number of its own."""
    digest = sha256(view.key.encode()).hexdigest()[:40]
    return f"api:{view.client.pk}:{digest}:"


def _checked(view: LoopView, body: Any) -> CheckedRequest:
    messages = REQUESTS.run_validation(_as_batch(body))["messages"]
    prefix = key_of(view)
    pushes = _pushes(view, prefix, messages)
    number = new_number()
    rows = ",".join(_as_json(push, number, place) for place, push in enumerate(pushes))
    call = StatementCall(view.client, view.idempotency_key, view.fingerprint, rows, len(pushes), number)
    return CheckedRequest(view.client, prefix, pushes, call)


def _as_batch(data: Any) -> Any:
    """Returns the body with a list of messages, also if it is a single message."""
    if isinstance(data, dict) and "messages" not in data:
        return {"messages": [{name: value for name, value in data.items() if name != "account"}]}
    return data


def _pushes(view: LoopView, prefix: str, messages: Iterable[dict[str, Any]]) -> list[RequestedPush]:
    wrong: dict[str, Any] = {}
    pushes: list[RequestedPush] = []
    now = timezone.now()
    for number, message in enumerate(messages):
        try:
            kind, template, content = (
                _templated(view.account, message) if "template" in message else _service(message)
            )
        except _WrongMessage as error:
            wrong[str(number)] = error.problems
            continue
        content["reference"] = message["reference"]
        due_at = message.get("at") or now
        key = f"{prefix}{number}"
        openid, trace = message["to"], tracing.current()
        pushes.append(RequestedPush(view.account, openid, kind, template, content, key, due_at, now, trace))
    if wrong:
        raise ApiRefusal(
            422, "messages_invalid", _("Nothing was queued: some messages are wrong."), messages=wrong
        )
    return pushes


class _WrongMessage(Exception):
    def __init__(self, problems: dict[str, Any]) -> None:
        super().__init__()
        self.problems = problems


def _templated(account: OfficialAccount, message: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Returns the kind, the template id and the content of a push from a template."""
    template = known_templates.find(account.pk, message["template"])
    if template is None:
        raise _WrongMessage({"template": [_("The account has no such template.")]})
    if wrong := check_all(template.fields, message["values"]):
        raise _WrongMessage({"values": wrong})
    filled = TemplateMessage(
        template_id=template.platform_id,
        values={field.name: message["values"][field.name] for field in template.fields},
        url=message["url"],
        appid=message.get("miniprogram", {}).get("appid", ""),
        pagepath=message.get("miniprogram", {}).get("pagepath", ""),
    )
    return template.kind, template.platform_id, template_messages.to_dict(filled)


def _service(message: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    content = None
    try:
        content = from_dict(message["content"])
        validate(content)
        to_service_json(content, openid=message["to"])
    except ContentError as error:
        raise _WrongMessage({"content": {error.field: [sentence(error, content)]}}) from None
    return Push.Kind.SERVICE.value, "", to_dict(content)


def _answer_again(request: CheckedRequest) -> str:
    """Returns as JSON the answer to a request whose messages were queued before, and whose key has expired.

    Raises ``ApiRefusal`` if the messages of that key are others: what is asked for now would be lost.
    """
    if not (found := _queued_before(request)):
        raise idempotency.key_reused()
    key_lease = idempotency.begin(request.client, request.call.key, request.call.fingerprint)
    payload = {"messages": [reports.described(push) for push in found]}
    key_lease.finished(Response(payload, STATUS))
    return ENCODER.encode(payload)


def _queued_before(request: CheckedRequest) -> list[Push]:
    """Returns the pushes that the key queued; none if they differ from those of the request."""
    # One place more, for an earlier request with more messages.
    keys = [f"{request.prefix}{number}" for number in range(len(request.pushes) + 1)]
    found = Push.objects.filter(account=request.pushes[0].account, key__in=keys).select_related("account")
    before = {push.key: push for push in found}
    is_same = len(before) == len(request.pushes) and all(
        push.key in before and before[push.key].is_message(push.openid, push.template, push.content)
        for push in request.pushes
    )
    return [before[push.key] for push in request.pushes] if is_same else []


def _as_json(push: RequestedPush, request: int, number: int) -> str:
    """Returns as JSON the columns of the push's row and its description for the caller, without its id."""
    return ENCODER.encode(
        {
            "request": request,
            "number": number,
            "account_id": push.account.pk,
            "openid": push.openid,
            "kind": push.kind,
            "template": push.template,
            "content": push.content,
            "key": push.key,
            "due_at": push.due_at.isoformat(),
            "created_at": push.created_at.isoformat(),
            "trace": push.trace,
            "described": ENCODER.encode(reports.described(push)).removeprefix('{"id":null,'),
        }
    )
