"""The API endpoints of messages for business systems: send, follow the state, report events.

Routes are below ``/api/v1/push``; see ``wechat.api.views`` for signatures and idempotency.
"""

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from wechat.api import scopes
from wechat.api.errors import ApiRefusal
from wechat.api.idempotency import key_reused
from wechat.api.loop import LoopView
from wechat.api.views import BusinessView, validated
from wechat.pushes import accepting, event_templates, reports
from wechat.pushes.models import Push
from wechat.pushes.serializers import (
    AcceptedSerializer,
    EventSerializer,
    NewWebhookSerializer,
    OneMessageSerializer,
    PushRequestSerializer,
    PushSerializer,
    WebhookSerializer,
)
from wechat.webhooks.subscribing import subscribe

WRITE = scopes.register("push:write", gettext_lazy("Send messages to followers"))
READ = scopes.register("push:read", gettext_lazy("See what became of messages"))

# One message may come without a list; its account is beside it.
ASKED = PolymorphicProxySerializer(
    "NewPush", [OneMessageSerializer, PushRequestSerializer], resource_type_field_name=None
)


class Pushes(LoopView):
    scopes = {"GET": READ, "POST": WRITE}
    refusals = {"POST": {422: ("messages_invalid",)}}

    @extend_schema(responses=PushSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Returns the messages this client asked for, newest first."""
        return self.page(_mine(self).filter(account=self.account), PushSerializer)

    @extend_schema(request=ASKED, responses={202: AcceptedSerializer})
    async def post(self, request: Request) -> HttpResponse:
        """Queues up to 1,000 messages. All of them are checked first; one that is wrong refuses them all."""
        try:
            asked = await accepting.checked(self, request.data, len(request.body))
        except APIException as refusal:
            await self.refuse(refusal)
        answer = await accepting.accept(asked)
        return HttpResponse(answer, status=202, content_type="application/json")


class PushDetail(BusinessView):
    scopes = {"GET": READ}
    for_account = False

    @extend_schema(responses=PushSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Returns what became of a message."""
        push = _mine(self).filter(pk=pk).first()
        if push is None:
            raise ApiRefusal(404, "not_found", _("This client asked for no such message."))
        return Response(PushSerializer(push).data)


class Events(BusinessView):
    scopes = {"POST": WRITE}
    refusals = {"POST": {400: ("event_unknown",)}}

    @extend_schema(request=EventSerializer, responses={202: AcceptedSerializer})
    def post(self, request: Request) -> Response:
        """Queues the messages that staff have set for an event which happened, such as a shipment."""
        given = validated(EventSerializer, request.data)
        if given["event"] not in event_templates.known():
            message = _("There is no such event; known are: %(known)s")
            raise ApiRefusal(
                400, "event_unknown", message % {"known": ", ".join(sorted(event_templates.known()))}
            )
        event = (self.account, given["event"], given["to"], given["values"])
        key = f"{accepting.key_of(self)}0"
        if event_templates.was_another(*event, key=key):
            raise key_reused()
        pushes = event_templates.happened(*event, key=key)
        return Response(AcceptedSerializer({"messages": pushes}).data, status=202)


class Webhook(BusinessView):
    scopes = {"PUT": WRITE}
    for_account = False

    @extend_schema(request=WebhookSerializer, responses=NewWebhookSerializer)
    def put(self, request: Request) -> Response:
        """Sets where reports of states are posted from now on; answers the new signing secret."""
        url = validated(WebhookSerializer, request.data)["url"]
        return Response({"url": url, "secret": subscribe(self.client, url, [reports.EVENT]).secret})


def _mine(view: BusinessView) -> QuerySet[Push]:
    """Returns the pushes that this client asked for."""
    return Push.objects.filter(caller=view.client).select_related("account")


urlpatterns = [
    path("push", Pushes.as_view()),
    path("push/<int:pk>", PushDetail.as_view()),
    path("push/event", Events.as_view()),
    path("push/webhook", Webhook.as_view()),
]
