"""Messages for business systems: ask for them, follow what becomes of them, tell of events.

Routes are below ``/api/v1/push``; see ``wechat.api.views`` for signatures and idempotency.
"""

from collections.abc import Sequence
from typing import Any

from Crypto.Hash import SHA256
from django.db import transaction
from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.official.models import OfficialAccount
from wechat.api import scopes
from wechat.api.errors import ApiRefusal
from wechat.api.serializers import OpenidField
from wechat.api.views import BusinessView
from wechat.kernel import work
from wechat.pushes import event_templates, reports
from wechat.pushes.models import Push, Template
from wechat.pushes.values import check_all
from wechat.sdk import template_messages
from wechat.sdk.content import from_dict, to_dict, to_service_json, validate
from wechat.sdk.errors import ContentError
from wechat.sdk.template_messages import TemplateMessage
from wechat.webhooks.subscribing import subscribe

WRITE = scopes.register("push:write", gettext_lazy("Send messages to followers"))
READ = scopes.register("push:read", gettext_lazy("See what became of messages"))

MOST = 1000


class MiniProgramSerializer(serializers.Serializer[Any]):
    appid = serializers.CharField(max_length=32)
    pagepath = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class MessageSerializer(serializers.Serializer[Any]):
    """Either a ``template`` with its ``values``, or the ``content`` of a customer-service message."""

    to = OpenidField(help_text="The follower's openid.")
    template = serializers.CharField(max_length=64, required=False, help_text="The platform's template id.")
    values = serializers.DictField(child=serializers.CharField(max_length=200), required=False, default=dict)
    url = serializers.URLField(max_length=500, required=False, default="", allow_blank=True)
    miniprogram = MiniProgramSerializer(required=False)
    content = serializers.DictField(required=False, help_text='As {"type": "text", "content": "…"}.')
    at = serializers.DateTimeField(required=False, help_text="Not before this time.")
    reference = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True, help_text="Your own id, given back."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("template" in attrs) == ("content" in attrs):
            raise serializers.ValidationError(_("Give either a template with values, or a content."))
        return attrs


class PushRequestSerializer(serializers.Serializer[Any]):
    account = serializers.CharField(required=False, help_text="The account's short name.")
    messages = MessageSerializer(many=True, min_length=1, max_length=MOST)  # type: ignore[call-arg]


class PushSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    account = serializers.CharField()
    to = serializers.CharField()
    kind = serializers.ChoiceField(choices=Push.Kind.choices)
    template = serializers.CharField()
    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=Push.State.choices)
    reason = serializers.CharField()
    errcode = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return reports.described(instance)


class AcceptedSerializer(serializers.Serializer[Any]):
    messages = PushSerializer(many=True)


class EventSerializer(serializers.Serializer[Any]):
    account = serializers.CharField(required=False)
    event = serializers.CharField(max_length=40, help_text="As order.shipped.")
    to = OpenidField()
    values = serializers.DictField(child=serializers.CharField(max_length=200), required=False, default=dict)


class WebhookSerializer(serializers.Serializer[Any]):
    url = serializers.RegexField(r"^https?://\S+$", max_length=500)


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="Signs the reports; told this once.")


class Pushes(BusinessView):
    scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(responses=PushSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The messages this client asked for, newest first."""
        return self.page(_mine(self).filter(account=self.account), PushSerializer)

    @extend_schema(request=PushRequestSerializer, responses={202: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        """Queue up to 1,000 messages. All of them are checked first; one that is wrong refuses them all."""
        asked = PushRequestSerializer(data=_as_batch(request.data))
        asked.is_valid(raise_exception=True)
        pushes = _prepared(self, asked.validated_data["messages"])
        with transaction.atomic():
            Push.objects.bulk_create(pushes, ignore_conflicts=True)
            work.wake("pushes.send")
        kept = _mine(self).filter(account=self.account, key__in=[push.key for push in pushes])
        by_key = {push.key: push for push in kept}
        told = AcceptedSerializer({"messages": [by_key[push.key] for push in pushes]})
        return Response(told.data, status=202)


class OnePush(BusinessView):
    scopes = {"GET": READ}
    for_account = False

    @extend_schema(responses=PushSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """What became of a message."""
        push = _mine(self).filter(pk=pk).first()
        if push is None:
            raise ApiRefusal(404, "not_found", _("This client asked for no such message."))
        return Response(PushSerializer(push).data)


class Events(BusinessView):
    scopes = {"POST": WRITE}

    @extend_schema(request=EventSerializer, responses={202: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        """Something happened, as a shipment: the messages that staff have set for it are queued."""
        asked = EventSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if given["event"] not in event_templates.known():
            message = _("There is no such event; known are: %(known)s")
            raise ApiRefusal(
                400, "event_unknown", message % {"known": ", ".join(sorted(event_templates.known()))}
            )
        pushes = event_templates.happened(
            self.account, given["event"], given["to"], given["values"], key=_key(self, 0)
        )
        return Response(AcceptedSerializer({"messages": pushes}).data, status=202)


class Webhook(BusinessView):
    scopes = {"PUT": WRITE}
    for_account = False

    @extend_schema(request=WebhookSerializer, responses=NewWebhookSerializer)
    def put(self, request: Request) -> Response:
        """Where reports of states are posted from now on; answers the new signing secret."""
        asked = WebhookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        url = asked.validated_data["url"]
        return Response({"url": url, "secret": subscribe(self.client, url, [reports.EVENT]).secret})


def _mine(view: BusinessView) -> QuerySet[Push]:
    """What this client asked for."""
    return Push.objects.filter(caller=view.client).select_related("account")


def _key(view: BusinessView, number: int) -> str:
    digest = SHA256.new(view.key.encode()).hexdigest()[:40]
    return f"api:{view.client.pk}:{digest}:{number}"


def _as_batch(data: Any) -> Any:
    """A single message may be given by itself."""
    if isinstance(data, dict) and "messages" not in data:
        return {"messages": [{name: value for name, value in data.items() if name != "account"}]}
    return data


def _prepared(view: BusinessView, messages: Sequence[dict[str, Any]]) -> list[Push]:
    templates = _templates(view.account, messages)
    wrong: dict[str, Any] = {}
    pushes: list[Push] = []
    for number, message in enumerate(messages):
        try:
            made = _templated(message, templates) if "template" in message else _service(message)
        except _WrongMessage as error:
            wrong[str(number)] = error.problems
            continue
        made.content["reference"] = message["reference"]
        made.account, made.openid, made.key = view.account, message["to"], _key(view, number)
        made.caller, made.cause, made.due_at = view.client, "api", message.get("at") or timezone.now()
        pushes.append(made)
    if wrong:
        raise ApiRefusal(
            422, "messages_invalid", _("Nothing was queued: some messages are wrong."), messages=wrong
        )
    return pushes


def _templates(account: OfficialAccount, messages: Sequence[dict[str, Any]]) -> dict[str, Template]:
    wanted = {message["template"] for message in messages if "template" in message}
    found = Template.objects.filter(account=account, platform_id__in=wanted, missing_since=None)
    return {template.platform_id: template for template in found}


class _WrongMessage(Exception):
    def __init__(self, problems: dict[str, Any]) -> None:
        super().__init__()
        self.problems = problems


def _templated(message: dict[str, Any], templates: dict[str, Template]) -> Push:
    template = templates.get(message["template"])
    if template is None:
        raise _WrongMessage({"template": [_("The account has no such template.")]})
    if wrong := check_all(template.fields, message["values"]):
        raise _WrongMessage({"values": wrong})
    said = TemplateMessage(
        template_id=template.platform_id,
        values={field.name: message["values"][field.name] for field in template.fields},
        url=message["url"],
        appid=message.get("miniprogram", {}).get("appid", ""),
        pagepath=message.get("miniprogram", {}).get("pagepath", ""),
    )
    content = template_messages.to_dict(said)
    return Push(kind=template.kind, template=template.platform_id, content=content)


def _service(message: dict[str, Any]) -> Push:
    try:
        content = from_dict(message["content"])
        validate(content)
        to_service_json(content, openid=message["to"])
    except ContentError as error:
        raise _WrongMessage({"content": {error.field: [error.message]}}) from None
    return Push(kind=Push.Kind.SERVICE, content=to_dict(content))


urlpatterns = [
    path("push", Pushes.as_view(), name="push"),
    path("push/<int:pk>", OnePush.as_view(), name="push-one"),
    path("push/event", Events.as_view(), name="push-event"),
    path("push/webhook", Webhook.as_view(), name="push-webhook"),
]
