"""The API of an account's followers, tags and segments."""

from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.followers import changes, tagging
from accounts.followers.models import Change, Follower, Segment, Tag
from accounts.followers.segments import UnknownCondition
from wechat.api import scopes
from wechat.api.errors import ApiRefusal
from wechat.api.serializers import (
    CountedSegmentSerializer,
    FollowerSerializer,
    RemarkSerializer,
    SegmentSerializer,
    TaggedSerializer,
    TaggingSerializer,
    TagSerializer,
)
from wechat.api.views import BusinessView, validated

FOLLOWERS = scopes.register("followers:read", gettext_lazy("See followers"))
REMARK = scopes.register("followers:write", gettext_lazy("Change the remarks of followers"))
TAGS = scopes.register("tags:read", gettext_lazy("See tags"))
TAGGING = scopes.register("tags:write", gettext_lazy("Make and delete tags, tag followers"))
SEGMENTS = scopes.register("segments:read", gettext_lazy("See segments and who is in them"))

FILTERS = [
    OpenApiParameter("tag", str, description="Only those with the tag of this name."),
    OpenApiParameter("subscribed", bool, description="Only those who follow, or only those who do not."),
]
Row = TypeVar("Row", bound=Model)


class Followers(BusinessView):
    scopes = {"GET": FOLLOWERS}

    @extend_schema(parameters=FILTERS, responses=FollowerSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Returns followers, those of now and those who left, newest first."""
        rows = Follower.objects.filter(account=self.account)
        if name := request.query_params.get("tag"):
            rows = rows.filter(tags__in=_rows(self, Tag).filter(name=name))
        if subscribed := request.query_params.get("subscribed"):
            rows = rows.filter(subscribed=_boolean("subscribed", subscribed))
        return self.page(rows.prefetch_related("tags"), FollowerSerializer)


class FollowerDetail(BusinessView):
    scopes = {"GET": FOLLOWERS, "PATCH": REMARK}

    @extend_schema(responses=FollowerSerializer)
    def get(self, request: Request, openid: str) -> Response:
        return Response(FollowerSerializer(_follower(self, openid)).data)

    @extend_schema(request=RemarkSerializer, responses=FollowerSerializer)
    def patch(self, request: Request, openid: str) -> Response:
        """Changes the remark: here at once, at WeChat soon."""
        follower = _follower(self, openid)
        remark = validated(RemarkSerializer, request.data)["remark"]
        if remark != follower.remark:
            with transaction.atomic():
                follower.remark = remark
                follower.save(update_fields=["remark"])
                changes.queue(Change.Kind.REMARK, [follower], remark)
        return Response(FollowerSerializer(follower).data)


class Tags(BusinessView):
    scopes = {"GET": TAGS, "POST": TAGGING}
    refusals = {"POST": {409: ("exists", "too_many_tags")}}

    @extend_schema(responses=TagSerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.page(_rows(self, Tag), TagSerializer)

    @extend_schema(request=TagSerializer, responses={201: TagSerializer})
    def post(self, request: Request) -> Response:
        """Makes a tag: here at once, at WeChat soon."""
        name = validated(TagSerializer, request.data)["name"]
        if _rows(self, Tag).filter(name=name).exists():
            raise ApiRefusal(409, "exists", _("There is a tag of this name already."))
        if tagging.has_all_tags(self.account.pk):
            raise ApiRefusal(409, "too_many_tags", _("WeChat allows an account 100 tags; delete one first."))
        tag = Tag(account=self.account, name=name)
        tagging.ask_platform(tag)
        return Response(TagSerializer(tag).data, 201)


class TagDetail(BusinessView):
    scopes = {"GET": TAGS, "DELETE": TAGGING}
    refusals = {"DELETE": {409: ("platform_tag",)}}

    @extend_schema(responses=TagSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(TagSerializer(get_object_or_404(_rows(self, Tag), pk=pk)).data)

    @extend_schema(responses={202: TagSerializer})
    def delete(self, request: Request, pk: int) -> Response:
        """Deletes a tag and takes it off everybody: at WeChat soon, then here."""
        tag = get_object_or_404(_rows(self, Tag), pk=pk)
        if tag.platform_id is not None and tag.platform_id <= 2:
            raise ApiRefusal(409, "platform_tag", _("This tag belongs to WeChat itself."))
        tagging.delete(tag)
        tag.refresh_from_db()
        return Response(TagSerializer(tag).data, 202)


class TagFollowers(BusinessView):
    scopes = {"POST": TAGGING}
    # Saying it twice changes nothing, so no key is needed.
    creates = False

    @extend_schema(request=TaggingSerializer, responses=TaggedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Tags followers and takes the tag off others, by OpenID, 10,000 a call at most."""
        tag = get_object_or_404(_rows(self, Tag), pk=pk)
        given = validated(TaggingSerializer, request.data)
        followers = Follower.objects.filter(account=self.account)
        with transaction.atomic():
            removed = tagging.remove(tag, followers.filter(openid__in=given["remove"]))
            added = tagging.add(tag, followers.filter(openid__in=given["add"]))
        return Response({"added": added, "removed": removed})


class Segments(BusinessView):
    scopes = {"GET": SEGMENTS}

    @extend_schema(responses=SegmentSerializer(many=True))
    def get(self, request: Request) -> Response:
        return self.page(_rows(self, Segment), SegmentSerializer)


class SegmentDetail(BusinessView):
    scopes = {"GET": SEGMENTS}
    refusals = {"GET": {409: ("broken_segment",)}}

    @extend_schema(responses=CountedSegmentSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Returns one segment, with the number of followers in it now."""
        segment = get_object_or_404(_rows(self, Segment), pk=pk)
        _members(segment)
        return Response(CountedSegmentSerializer(segment).data)


class SegmentFollowers(BusinessView):
    scopes = {"GET": SEGMENTS}
    refusals = {"GET": {409: ("broken_segment",)}}

    @extend_schema(responses=FollowerSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Returns the followers who are in the segment now."""
        segment = get_object_or_404(_rows(self, Segment), pk=pk)
        return self.page(_members(segment).prefetch_related("tags"), FollowerSerializer)


def _rows(view: BusinessView, model: type[Row]) -> QuerySet[Row]:
    return model._default_manager.filter(account=view.account)


def _follower(view: BusinessView, openid: str) -> Follower:
    return get_object_or_404(Follower, account=view.account, openid=openid)


def _members(segment: Segment) -> QuerySet[Follower]:
    try:
        return segment.rows()
    except UnknownCondition as error:
        raise ApiRefusal(409, "broken_segment", str(error)) from error


def _boolean(name: str, text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in known:
        raise ApiRefusal(400, "invalid", _("Some fields are not right."), fields={name: ["true or false"]})
    return known[text.lower()]


urlpatterns = [
    path("followers/", Followers.as_view()),
    path("followers/<slug:openid>/", FollowerDetail.as_view()),
    path("tags/", Tags.as_view()),
    path("tags/<int:pk>/", TagDetail.as_view()),
    path("tags/<int:pk>/followers/", TagFollowers.as_view()),
    path("segments/", Segments.as_view()),
    path("segments/<int:pk>/", SegmentDetail.as_view()),
    path("segments/<int:pk>/followers/", SegmentFollowers.as_view()),
]
