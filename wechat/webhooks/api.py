"""The API endpoint of webhook subscriptions: one address a client, for all accounts that it may access."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from wechat.api import scopes
from wechat.api.views import BusinessView, validated
from wechat.webhooks import events
from wechat.webhooks.models import Endpoint
from wechat.webhooks.subscribing import subscribe, unsubscribe

WRITE = scopes.register("webhooks:write", gettext_lazy("Subscribe to events"))


class WebhookUrlField(serializers.RegexField):
    """The address that events are posted to."""

    default_error_messages = {"invalid": gettext_lazy("An address begins with https:// or http://.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^https?://\S+$", max_length=500, **kwargs)


class SubscriptionSerializer(serializers.Serializer[Any]):
    url = WebhookUrlField()
    events = serializers.ListField(child=serializers.CharField(max_length=40), allow_empty=False)

    def validate_events(self, names: list[str]) -> list[str]:
        if unknown := sorted(set(names) - set(events.known())):
            message = _("There is no event %(unknown)s; known are: %(known)s")
            known = ", ".join(sorted(events.known()))
            raise serializers.ValidationError(message % {"unknown": ", ".join(unknown), "known": known})
        return names


class NewSubscriptionSerializer(SubscriptionSerializer):
    secret = serializers.CharField(help_text="Signs what is posted; told this once.")


class Subscription(BusinessView):
    scopes = {"GET": WRITE, "PUT": WRITE, "DELETE": WRITE}
    for_account = False

    @extend_schema(responses=SubscriptionSerializer)
    def get(self, request: Request) -> Response:
        """Returns the address and the events of the subscription; without one, the address is empty."""
        mine = Endpoint.objects.filter(client=self.client).first()
        return Response({"url": mine.url if mine else "", "events": mine.events if mine else []})

    @extend_schema(request=SubscriptionSerializer, responses=NewSubscriptionSerializer)
    def put(self, request: Request) -> Response:
        """Sets the address and the events of the subscription; returns the new signing secret."""
        given = validated(SubscriptionSerializer, request.data)
        endpoint = subscribe(self.client, given["url"], given["events"], only=True)
        return Response({"url": endpoint.url, "events": endpoint.events, "secret": endpoint.secret})

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Ends the subscription: no more events are posted."""
        unsubscribe(self.client)
        return Response(status=204)


urlpatterns = [path("webhook", Subscription.as_view(), name="webhook")]
