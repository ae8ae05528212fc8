"""The base classes of the API's views.

A call for business systems is a ``BusinessView``::

    class Menus(BusinessView):
        scopes = {"GET": "menus:read", "POST": "menus:write"}

        @extend_schema(responses=MenuSerializer(many=True))
        def get(self, request: Request) -> Response:
            return self.page(Menu.objects.filter(account=self.account), MenuSerializer)

        @extend_schema(request=MenuSerializer, responses={201: MenuSerializer})
        def post(self, request: Request) -> Response: ...
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from structlog import contextvars

from accounts.official.models import OfficialAccount
from wechat.api import errors
from wechat.api.authentication import SignatureAuthentication, entry_of
from wechat.api.clients import ClientEntry
from wechat.api.errors import ApiRefusal
from wechat.api.idempotency import AnsweredBefore, KeyLease, begin
from wechat.api.limits import ClientRate
from wechat.api.models import ApiClient
from wechat.api.paging import KeysetPages
from wechat.api.parsers import JsonParser
from wechat.api.schema import BusinessSchema, JsonSchema, Refusals
from wechat.sdk.text import clean


class OnlyJson(DefaultContentNegotiation):
    """The negotiation of a view with one renderer: a ``format`` in the query chooses nothing."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002 - the name that it is given
        return renderers


class JsonView(APIView):
    """The base of all views: JSON in, JSON out, and errors in one form.

    ``refusals`` names for each method the codes of the refusals that only this call has, by their status;
    ``usual_refusals`` those of all calls of its kind.
    """

    usual_refusals: ClassVar[Refusals] = {}
    refusals: ClassVar[Mapping[str, Refusals]] = {}
    content_negotiation_class = OnlyJson
    parser_classes: list[type[BaseParser]] = [JsonParser]
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer]
    permission_classes: list[type[BasePermission]] = []
    http_method_names = ["get", "post", "put", "patch", "delete"]
    schema = JsonSchema()

    def get_exception_handler(self) -> Any:
        return errors.answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.check_query(request)

    def check_query(self, request: Request) -> None:
        """Raises ``ApiRefusal`` for a query with a character that no kept text contains."""
        if not request.META.get("QUERY_STRING"):
            return
        if any(clean(value) != value for values in request.query_params.lists() for value in values[1]):
            raise ApiRefusal(400, "invalid", _("The query contains a character that is not allowed."))


def validated(serializer: type[Serializer[Any]], data: Any, **context: Any) -> dict[str, Any]:
    """Returns the data as the serializer reads it. Raises ``ValidationError``."""
    given = serializer(data=data, context=context)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class UnknownCall(JsonView):
    """The answer at each address that no call has: like any other error, and nowhere else is led to.

    Another address was not signed: its refusal would tell of a wrong signature.
    """

    authentication_classes: list[type[BaseAuthentication]] = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        message = _("No call has this address. Whether it ends in a slash counts: see /api/docs/.")
        raise ApiRefusal(404, "not_found", message)


class HasScope(BasePermission):
    """The client has the scope that the view names for the method. The call has no method without one."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        assert isinstance(view, BusinessView)
        scope = view.scopes.get(request.method or "")
        if scope is None:
            raise MethodNotAllowed(request.method or "")
        if scope not in entry_of(request).scopes:
            message = _("This client lacks the scope %(scope)s.") % {"scope": scope}
            raise ApiRefusal(403, "scope_missing", message, scope=scope)
        return True


class BusinessView(JsonView):
    """One call of a business system: signed, within its scopes, about one of its accounts.

    ``scopes`` names the scope for each method. ``self.account`` is the account that is asked about, in the
    query or the body (unless ``for_account`` is off), ``self.client`` who asks. A POST ``creates``
    something, unless that is off: it needs an Idempotency-Key, is carried out once, and finds the key in
    ``self.key``, unique with the client, for the unique key of what it creates.
    """

    scopes: ClassVar[Mapping[str, str]] = {}
    creates: ClassVar[bool] = True
    for_account: ClassVar[bool] = True
    authentication_classes: list[type[BaseAuthentication]] = [SignatureAuthentication]
    permission_classes: list[type[BasePermission]] = [HasScope]
    throttle_classes: list[type[BaseThrottle]] = [ClientRate]
    # Of a list; ``None`` for one that is answered as a whole.
    pagination_class: type[KeysetPages] | None = KeysetPages
    schema = BusinessSchema()

    account: OfficialAccount
    client: ApiClient
    key = ""
    _key_lease: KeyLease | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.settle(request)
        if request.method == "POST" and self.creates:
            key = request.headers.get("Idempotency-Key", "")
            self._key_lease = begin(self.client, key, fingerprint(request))
            self.key = f"{self.client.pk}:{key}"

    def settle(self, request: Request) -> None:
        """Sets the client and the account on the view. Raises ``ApiRefusal``."""
        entry = entry_of(request)
        self.client = entry.client
        if self.for_account:
            self.account = _account(entry, _named(request))
            contextvars.bind_contextvars(account=self.account.slug)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, AnsweredBefore):
            return exc.response
        try:
            return super().handle_exception(exc)
        except Exception:
            # Nobody foresaw it and nothing was answered: the repeat must not wait for the lease.
            if self._key_lease:
                self._key_lease.abandon()
            raise

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self._key_lease:
            self._key_lease.finished(response)
        return super().finalize_response(request, response, *args, **kwargs)

    def page(self, rows: QuerySet[Any], serializer: type[BaseSerializer[Any]]) -> Response:
        """Returns one page of the rows, newest first."""
        assert self.pagination_class is not None
        pages = self.pagination_class()
        shown = pages.paginate_queryset(rows, self.request, view=self)
        return pages.get_paginated_response(serializer(shown, many=True).data)


def _named(request: Request) -> str:
    if request.META.get("QUERY_STRING") and (in_query := request.query_params.get("account", "")):
        return in_query
    data = request.data
    return str(data.get("account", "")) if isinstance(data, dict) else ""


def _account(entry: ClientEntry, slug: str) -> OfficialAccount:
    """Returns the account with that slug, or without one the client's only account. Raises ``ApiRefusal``."""
    if slug in entry.accounts:
        return entry.accounts[slug]
    if slug:
        raise ApiRefusal(403, "account_not_allowed", _("This client has no such account."))
    if len(entry.accounts) != 1:
        message = _("Name one of the client's accounts: ?account=…")
        raise ApiRefusal(400, "account_missing", message, accounts=sorted(entry.accounts))
    return next(iter(entry.accounts.values()))


def fingerprint(request: Request) -> str:
    """Returns a digest that tells apart different requests with the same Idempotency-Key."""
    parts = (request.method or "", request.path, request.META.get("QUERY_STRING", ""))
    return sha256("\n".join(parts).encode(errors="surrogatepass") + b"\n" + request.body).hexdigest()
