"""The serializers of followers, tags and segments."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.followers.models import Follower, Segment, Tag
from wechat.sdk.calls.tags import LONGEST_NAME
from wechat.sdk.calls.users import REMARK_BYTES, is_remark
from wechat.sdk.openids import OPENID

MOST_OPENIDS = 10_000


class OpenidField(serializers.RegexField):
    """An openid that is kept, looked for and made part of addresses: it has the form of one."""

    default_error_messages = {"invalid": gettext_lazy("An openid has letters, digits, - and _, at most 64.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(OPENID, **kwargs)


class FollowerSerializer(serializers.ModelSerializer[Follower]):
    """A follower.

    ``nickname`` and ``avatar_url`` are there for who consented; the platform tells them of nobody else.
    """

    tags = serializers.SlugRelatedField[Any](many=True, read_only=True, slug_field="name")

    class Meta:
        model = Follower
        fields = (
            "openid", "unionid", "subscribed", "subscribed_at", "unsubscribed_at", "subscribe_scene",
            "qr_scene", "qr_scene_str", "remark", "tags", "blacklisted", "nickname", "avatar_url",
            "last_seen_at",
        )  # fmt: skip
        read_only_fields = tuple(name for name in fields if name != "remark")


class RemarkSerializer(serializers.Serializer[Any]):
    remark = serializers.CharField(allow_blank=True, max_length=REMARK_BYTES, help_text="Less than 30 bytes.")

    def validate_remark(self, remark: str) -> str:
        if not is_remark(remark):
            raise serializers.ValidationError(
                _("WeChat takes less than 30 bytes: about 9 Chinese characters.")
            )
        return remark


class TagSerializer(serializers.ModelSerializer[Tag]):
    """A tag. ``count`` is as WeChat counted last; ``state`` says whether WeChat has the tag yet."""

    class Meta:
        model = Tag
        fields = ("id", "name", "count", "state")
        read_only_fields = ("id", "count", "state")
        extra_kwargs = {"name": {"max_length": LONGEST_NAME}}


class TaggingSerializer(serializers.Serializer[Any]):
    """The followers who get the tag, and those from whom it is taken."""

    add = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, default=list, max_length=MOST_OPENIDS
    )
    remove = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, default=list, max_length=MOST_OPENIDS
    )


class TaggedSerializer(serializers.Serializer[Any]):
    """The numbers of followers changed; who is unknown, has the tag already, or has 20 tags is left out."""

    added = serializers.IntegerField()
    removed = serializers.IntegerField()


class SegmentSerializer(serializers.ModelSerializer[Segment]):
    class Meta:
        model = Segment
        fields = ("id", "name")


class CountedSegmentSerializer(SegmentSerializer):
    """A segment with the number of its followers now."""

    count = serializers.SerializerMethodField()

    class Meta(SegmentSerializer.Meta):
        fields = ("id", "name", "count")  # type: ignore[assignment]  # more of the same

    def get_count(self, segment: Segment) -> int:
        return segment.rows().count()


class AccessTokenSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds; ask again then, and when WeChat refuses it.")
