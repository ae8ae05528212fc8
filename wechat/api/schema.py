"""The parts of the OpenAPI document that all calls of the API share."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

# The codes of refusals by their status.
Refusals = Mapping[int, tuple[str, ...]]

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


# Whom each of them may meet.
EVERYBODY: Refusals = {400: ("invalid",), 404: ("not_found",), 406: ("not_acceptable",)}
WITH_BODY: Refusals = {413: ("too_large",), 415: ("unsupported_media_type",)}
SIGNED: Refusals = {
    401: ("missing_header", "stale_timestamp", "bad_nonce", "bad_signature", "nonce_reused"),
    403: ("scope_missing", "address_not_allowed"),
    429: ("too_many_requests",),
    503: ("unavailable",),
}
FOR_ACCOUNT: Refusals = {400: ("account_missing",), 403: ("account_not_allowed",)}
CREATING: Refusals = {
    400: ("idempotency_key_missing", "idempotency_key_invalid"),
    409: ("idempotency_key_reused", "in_progress"),
}
BY_PLATFORM: Refusals = {502: ("platform_refused",), 503: ("platform_unreachable",)}


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
class PlatformCodeField(serializers.Field[Any, Any, Any, Any]):
    """A code of the platform: a number, or of WeChat Pay a word."""


class ErrorDetailSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs; stays the same.")
    message = serializers.CharField(help_text="For people.")
    fields_ = serializers.DictField(
        required=False,
        help_text="What is wrong with which field; with several or the whole: `non_field_errors`.",
    )
    messages = serializers.DictField(
        required=False, help_text="What is wrong with which message, by its place from 0."
    )
    errcode = PlatformCodeField(
        required=False, help_text="WeChat's own, if WeChat refused; a word if WeChat Pay did."
    )
    scope = serializers.CharField(required=False, help_text="What the client lacks.")
    accounts = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="The client's accounts, to name one of."
    )
    revision = serializers.IntegerField(required=False, help_text="The revision that the draft has by now.")
    problems = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="All that keeps the menu from publication."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Returns the fields with one called ``fields``, a name that serializers keep for themselves."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        return found


class ErrorSerializer(serializers.Serializer[Any]):
    error = ErrorDetailSerializer()


class JsonSchema(AutoSchema):
    """The schema of a call, with its refusals: each status with the codes that it comes with."""

    view: Any

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            reference = self.resolve_serializer(ErrorSerializer, "response").ref
            content = {"application/json": {"schema": reference}}
            for status, codes in self._codes("requestBody" in operation).items():
                described = ", ".join(f"`{code}`" for code in codes)
                operation["responses"][str(status)] = {"description": described, "content": content}
        return operation

    def refusals(self) -> Iterator[Refusals]:
        """Yields the refusals that the call may meet, beside those of a body."""
        yield EVERYBODY
        yield self.view.usual_refusals
        yield self.view.refusals.get(self.method, {})

    def _codes(self, has_body: bool) -> Mapping[int, list[str]]:
        found = defaultdict[int, list[str]](list)
        for refusals in (*self.refusals(), *([WITH_BODY] if has_body else [])):
            for status, codes in refusals.items():
                found[status] += codes
        return dict(sorted(found.items()))


class BusinessSchema(JsonSchema):
    """The schema of a call of business systems, with the account, the Idempotency-Key and the scope."""

    def get_override_parameters(self) -> list[Any]:
        account = [ACCOUNT] if self.view.for_account else []
        return [*account, *([IDEMPOTENCY_KEY] if self._creates() else [])]

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            scope = self.view.scopes.get(self.method, "")
            operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`".strip()
        return operation

    def refusals(self) -> Iterator[Refusals]:
        yield from super().refusals()
        yield SIGNED
        if self.view.for_account:
            yield FOR_ACCOUNT
        if self._creates():
            yield CREATING

    def _creates(self) -> bool:
        return bool(self.method == "POST" and self.view.creates)


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
