"""The parts of the OpenAPI document that all calls of the API share."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

ACCOUNT = OpenApiParameter(
    "account",
    str,
    OpenApiParameter.QUERY,
    description="Short name of the official account; needed unless the client has exactly one. "
    "With a body it may be there instead.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="Your own text, at most 128 characters, new for each thing to create. The same key and body "
    "give the same answer for 24 hours, with the header `Idempotent-Replayed: true`.",
)
HEADERS = {
    "X-Key": "The key ID.",
    "X-Timestamp": "Unix seconds, at most 300 off.",
    "X-Nonce": "8 to 64 letters, digits, - or _; used once.",
    "X-Signature": "HMAC-SHA256 in hex with the secret over method, path, query, timestamp, nonce and the "
    "SHA-256 of the body in hex, joined by line feeds.",
}


class ErrorDetailSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs; stays the same.")
    message = serializers.CharField(help_text="For people.")
    fields_ = serializers.DictField(required=False, help_text="What is wrong with which field.")
    errcode = serializers.IntegerField(required=False, help_text="WeChat's own, if WeChat refused.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Returns the fields with one called ``fields``, a name that serializers keep for themselves."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        return found


class ErrorSerializer(serializers.Serializer[Any]):
    error = ErrorDetailSerializer()


class JsonSchema(AutoSchema):
    """The schema of a call, with the form of its refusals."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            reference = self.resolve_serializer(ErrorSerializer, "response").ref
            content = {"application/json": {"schema": reference}}
            operation["responses"]["default"] = {"description": "Refused, and why.", "content": content}
        return operation


class BusinessSchema(JsonSchema):
    """The schema of a call of business systems, with the account, the Idempotency-Key and the scope."""

    view: Any

    def get_override_parameters(self) -> list[Any]:
        creates = self.method == "POST" and self.view.creates
        account = [ACCOUNT] if self.view.for_account else []
        return [*account, *([IDEMPOTENCY_KEY] if creates else [])]

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            scope = self.view.scopes.get(self.method, "")
            operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`".strip()
        return operation


class SignatureScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped library
    target_class = "wechat.api.authentication.SignatureAuthentication"
    name = list(HEADERS)

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[Any]]:
        return {name: [] for name in HEADERS}

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "apiKey", "in": "header", "name": name, "description": description}
            for name, description in HEADERS.items()
        ]
