"""The serializers of the login API."""

from typing import Any

from rest_framework import serializers

from wechat.login.models import Visitor


class AccountSerializer(serializers.Serializer[Any]):
    account = serializers.SlugField(help_text="Short name of the account.")


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=256)


class MiniprogramLoginSerializer(AccountSerializer, CodeSerializer):
    """The ``code`` returned by ``wx.login``."""


class EncryptedSerializer(serializers.Serializer[Any]):
    """The encrypted data as the mini program received them."""

    encryptedData = serializers.CharField(max_length=20_000)  # noqa: N815 - the platform's own name
    iv = serializers.CharField(max_length=64)
    rawData = serializers.CharField(  # noqa: N815 - the platform's own name
        max_length=20_000, required=False, trim_whitespace=False, help_text="Together with `signature`."
    )
    signature = serializers.CharField(max_length=64, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("rawData" in attrs) != ("signature" in attrs):
            raise serializers.ValidationError({"signature": "rawData and signature come together."})
        return attrs


class RefreshSerializer(serializers.Serializer[Any]):
    account = serializers.SlugField(required=False, help_text="In a browser, whose cookie is meant.")
    refresh_token = serializers.CharField(required=False, max_length=200, help_text="In a mini program.")


class TokensSerializer(serializers.Serializer[Any]):
    access_token = serializers.CharField(help_text="For `Authorization: Bearer …`.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    refresh_token = serializers.CharField(required=False, help_text="In a mini program; good for one use.")


class PhoneSerializer(serializers.Serializer[Any]):
    phone = serializers.CharField()


class VisitorSerializer(serializers.ModelSerializer[Visitor]):
    account = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    follows = serializers.SerializerMethodField()
    has_phone = serializers.SerializerMethodField()
    accounts = serializers.SerializerMethodField(help_text="Where the same person is known, by UnionID.")

    class Meta:
        model = Visitor
        fields = ("account", "openid", "unionid", "nickname", "avatar", "follows", "has_phone", "accounts")
        read_only_fields = fields

    def get_follows(self, visitor: Visitor) -> bool:
        follower = visitor.follower
        return follower is not None and follower.subscribed

    def get_has_phone(self, visitor: Visitor) -> bool:
        return bool(visitor.__dict__.get("phone"))

    def get_accounts(self, visitor: Visitor) -> list[str]:
        known = visitor.same_person().order_by("account__slug")
        return list(known.values_list("account__slug", flat=True).distinct())


class JsSdkSerializer(serializers.Serializer[Any]):
    """The configuration for ``wx.config``."""

    appId = serializers.CharField()  # noqa: N815 - the platform's own name
    timestamp = serializers.IntegerField()
    nonceStr = serializers.CharField()  # noqa: N815 - the platform's own name
    signature = serializers.CharField()
