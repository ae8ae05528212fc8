"""The serializers of the API for messages."""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from wechat.api.serializers import OpenidField
from wechat.pushes import reports
from wechat.pushes.models import Push
from wechat.webhooks.api import WebhookUrlField

MOST = 1000
# A time in the past by at most this much means now: the caller's clock may be slow.
CLOCKS_DIFFER = datetime.timedelta(minutes=5)


class MiniProgramSerializer(serializers.Serializer[Any]):
    appid = serializers.CharField(max_length=32)
    pagepath = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class MessageSerializer(serializers.Serializer[Any]):
    """A message: a ``template`` with its ``values``, or the ``content`` of a customer-service message."""

    to = OpenidField(help_text="The follower's openid.")
    template = serializers.CharField(required=False, help_text="The platform's template id.")
    values = serializers.DictField(child=serializers.CharField(max_length=200), required=False, default=dict)
    url = serializers.URLField(max_length=500, required=False, default="", allow_blank=True)
    miniprogram = MiniProgramSerializer(required=False)
    content = serializers.DictField(required=False, help_text='As {"type": "text", "content": "…"}.')
    at = serializers.DateTimeField(required=False, help_text="Not before this time.")
    reference = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True, help_text="Your own id, given back."
    )

    def validate_at(self, at: datetime.datetime) -> datetime.datetime:
        now = timezone.now()
        if at < now - CLOCKS_DIFFER:
            raise serializers.ValidationError(_("This time has passed: leave it out to send now."))
        return max(at, now)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("template" in attrs) == ("content" in attrs):
            raise serializers.ValidationError(_("Give either a template with values, or a content."))
        return attrs


class OneMessageSerializer(MessageSerializer):
    """A message and the account that sends it."""

    account = serializers.CharField(required=False, help_text="The account's short name.")


class PushRequestSerializer(serializers.Serializer[Any]):
    account = serializers.CharField(required=False, help_text="The account's short name.")
    messages = MessageSerializer(many=True, min_length=1, max_length=MOST)  # type: ignore[call-arg]  # of the list


class PushSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    account = serializers.CharField()
    to = serializers.CharField()
    kind = serializers.ChoiceField(choices=Push.Kind.choices)
    template = serializers.CharField()
    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=Push.State.choices)
    reason = serializers.ChoiceField(choices=Push.Reason.choices, allow_blank=True)
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
    url = WebhookUrlField()


class NewWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="Signs the reports; told this once.")
