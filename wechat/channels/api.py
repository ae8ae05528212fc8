"""The API endpoints of channels for business systems: list, create, report."""

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.followers.models import Tag
from wechat.api import scopes
from wechat.api.errors import ApiRefusal
from wechat.api.views import BusinessView, validated
from wechat.channels import limits, report
from wechat.channels.models import HIGHEST_COST, LONGEST_DAYS, Channel, Code
from wechat.channels.report import STAY_DAYS, ChannelFigures
from wechat.console.periods import Period
from wechat.kernel import work

READ = scopes.register("channels:read", gettext_lazy("See channels and their reports"))
WRITE = scopes.register("channels:write", gettext_lazy("Make channels"))

LONGEST_REPORT = 400
SHOWN_DAYS = 30
PERIOD = [
    OpenApiParameter("first", datetime.date, description="First day; else 30 days back."),
    OpenApiParameter(
        "last", datetime.date, description="Last day, included; else today. Days are Asia/Shanghai's."
    ),
]


class ChannelCodeSerializer(serializers.ModelSerializer[Code]):
    class Meta:
        model = Code
        fields = read_only_fields = ("state", "url", "made_at", "expires_at")
        extra_kwargs = {"url": {"help_text": "What the code says; empty until it is made."}}


class ChannelSerializer(serializers.ModelSerializer[Channel]):
    cost_fen = serializers.IntegerField(source="cost")
    owner = serializers.CharField(source="owner.username", default=None, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), source="tag_names")
    code = ChannelCodeSerializer()

    class Meta:
        model = Channel
        fields = (
            "id", "name", "group", "place", "owner", "cost_fen", "lifetime", "days", "scene", "tags", "code",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields


class NewChannelSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    group = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    place = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    cost_fen = serializers.IntegerField(required=False, default=0, min_value=0, max_value=HIGHEST_COST)
    lifetime = serializers.ChoiceField(
        Channel.Lifetime.choices, required=False, default=Channel.Lifetime.PERMANENT
    )
    days = serializers.IntegerField(required=False, default=LONGEST_DAYS, min_value=1, max_value=LONGEST_DAYS)
    tags = serializers.ListField(child=serializers.CharField(), required=False, default=list, max_length=20)

    def validate_lifetime(self, lifetime: str) -> str:
        account = self.context["account"]
        if lifetime == Channel.Lifetime.PERMANENT and not limits.permanent_left(account):
            raise serializers.ValidationError(_("The account has no permanent code left."))
        return lifetime

    def validate_tags(self, names: list[str]) -> list[Tag]:
        found = list(Tag.objects.filter(account=self.context["account"], name__in=names))
        if missing := set(names) - {tag.name for tag in found}:
            raise serializers.ValidationError(
                _("There is no tag “%(name)s”: make it first.") % {"name": min(missing)}
            )
        return found


class ChannelReportSerializer(serializers.Serializer[Any]):
    first = serializers.DateField()
    last = serializers.DateField()
    scans = serializers.IntegerField()
    new_followers = serializers.IntegerField()
    followed_again = serializers.IntegerField()
    stays = inline_serializer(
        "ChannelStay",
        {
            "days": serializers.IntegerField(),
            "stayed": serializers.IntegerField(),
            "followed": serializers.IntegerField(help_text="Those who followed at least so many days ago."),
        },
        many=True,
    )
    by_day = inline_serializer(
        "ChannelDay",
        {
            "day": serializers.DateField(),
            "scans": serializers.IntegerField(),
            "new_followers": serializers.IntegerField(),
            "followed_again": serializers.IntegerField(),
        },
        many=True,
    )


class PeriodSerializer(serializers.Serializer[Any]):
    first = serializers.DateField(required=False)
    last = serializers.DateField(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        last = given.get("last") or timezone.localdate()
        first = given.get("first") or last - datetime.timedelta(days=SHOWN_DAYS - 1)
        if not 0 <= (last - first).days < LONGEST_REPORT:
            raise serializers.ValidationError({"first": _("Choose 400 days at most.")})
        return {"first": first, "last": last}


class Channels(BusinessView):
    scopes = {"GET": READ, "POST": WRITE}
    refusals = {"POST": {409: ("name_taken",)}}

    @extend_schema(
        parameters=[OpenApiParameter("group", str), OpenApiParameter("scene", str)],
        responses=ChannelSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Returns the channels of the account."""
        rows = Channel.objects.filter(account=self.account)
        for name in ("group", "scene"):
            if wanted := request.query_params.get(name):
                rows = rows.filter(**{name: wanted})
        return self.page(rows.select_related("code", "owner").prefetch_related("tags"), ChannelSerializer)

    @extend_schema(request=NewChannelSerializer, responses={201: ChannelSerializer})
    def post(self, request: Request) -> Response:
        """Makes a channel; its code is there a few seconds later (``code.state`` becomes ``ready``)."""
        given = validated(NewChannelSerializer, request.data, account=self.account)
        return Response(ChannelSerializer(self._made(**given)).data, status=201)

    def _made(self, *, tags: list[Tag], cost_fen: int, **fields: Any) -> Channel:
        try:
            with transaction.atomic():
                channel = Channel.objects.create(account=self.account, cost=cost_fen, **fields)
                channel.tags.set(tags)
                Code.objects.create(channel=channel)
        except IntegrityError:
            message = _("There is a channel of this name already.")
            raise ApiRefusal(409, "name_taken", message) from None
        work.wake("channels.make_codes")
        return channel


class ChannelDetail(BusinessView):
    scopes = {"GET": READ}

    @extend_schema(responses=ChannelSerializer)
    def get(self, request: Request, pk: int) -> Response:
        channels = Channel.objects.select_related("code", "owner")
        return Response(ChannelSerializer(get_object_or_404(channels, pk=pk, account=self.account)).data)


class ChannelReport(BusinessView):
    scopes = {"GET": READ}

    @extend_schema(parameters=PERIOD, responses=ChannelReportSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Returns what came through the channel in those days."""
        channel = get_object_or_404(Channel.objects.select_related("account"), pk=pk, account=self.account)
        asked = validated(PeriodSerializer, request.query_params)
        period = Period(**asked)
        days = report.by_day(self.account, period, [channel.pk])
        by_day = [
            {"day": day.day, "scans": day.scans, "new_followers": day.new, "followed_again": day.again}
            for day in days
        ]
        payload = {
            **asked,
            **_figures(report.of_channel(channel, period).figures),
            "by_day": by_day,
        }
        return Response(ChannelReportSerializer(payload).data)


def _figures(figures: ChannelFigures) -> dict[str, Any]:
    stays = [
        {"days": days, "stayed": stay.stayed, "followed": stay.followed}
        for days, stay in zip(STAY_DAYS, figures.stays, strict=True)
    ]
    return {
        "scans": figures.scans,
        "new_followers": figures.new,
        "followed_again": figures.again,
        "stays": stays,
    }


urlpatterns = [
    path("channels/", Channels.as_view()),
    path("channels/<int:pk>/", ChannelDetail.as_view()),
    path("channels/<int:pk>/report/", ChannelReport.as_view()),
]
