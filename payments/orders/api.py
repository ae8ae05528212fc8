"""The API of orders and refunds, below ``/api/v1/``. Amounts are in fen, times have an offset."""

import datetime
from typing import Any, NoReturn

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.official.models import OfficialAccount
from payments.merchants.directory import MerchantUnusable
from payments.merchants.models import Merchant
from payments.orders import ordering, polling, shipping
from payments.orders.models import Order, Refund
from payments.orders.ordering import OrderRefused, PlacementRefused, Uncertain
from payments.orders.refunds import refunding
from payments.orders.serializers import (
    NewOrderSerializer,
    NewRefundSerializer,
    NewShipmentSerializer,
    OrderSerializer,
    PlacedOrderSerializer,
    RefundSerializer,
    ShipmentSerializer,
)
from payments.orders.states import OrderState
from wechat.api import scopes
from wechat.api.errors import ApiRefusal
from wechat.api.schema import Refusals
from wechat.api.views import BusinessView, validated
from wechat.sdk.pay.orders import Goods

READ = scopes.register("orders:read", gettext_lazy("See orders and refunds"))
WRITE = scopes.register("orders:write", gettext_lazy("Make and close orders"))
REFUND = scopes.register("refunds:write", gettext_lazy("Refund orders"))
SHIP = scopes.register("orders:ship", gettext_lazy("Say how orders were shipped"))

FILTERS = [
    OpenApiParameter("state", str, enum=list(OrderState)),
    *(OpenApiParameter(name, str) for name in ("openid", "key")),
]
PLACING: Refusals = {400: ("over",), 502: ("platform_refused",), 503: ("uncertain",)}
# The parts of a request that a refusal may be about.
FIELDS = {
    *("merchant", "total", "description", "attach", "goods", "lifetime", "openid", "client_ip"),
    *("amount", "reason"),
}


class Orders(BusinessView):
    scopes = {"GET": READ, "POST": WRITE}
    refusals = {"POST": {**PLACING, 409: ("conflict",)}}

    @extend_schema(parameters=FILTERS, responses=OrderSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Returns orders of the account, newest first.

        ``key`` is the Idempotency-Key an order was made with.
        """
        rows = Order.objects.filter(account=self.account).select_related("merchant")
        asked = request.query_params
        if asked.get("state", "") not in {"", *OrderState}:
            known = _("Known are: %(known)s") % {"known": ", ".join(OrderState)}
            raise ValidationError({"state": [known]})
        for name in ("state", "openid"):
            if asked.get(name):
                rows = rows.filter(**{name: asked[name]})
        if asked.get("key"):
            rows = rows.filter(source=_source(self), key=f"{self.client.pk}:{asked['key']}")
        return self.page(rows, OrderSerializer)

    @extend_schema(request=NewOrderSerializer, responses={201: PlacedOrderSerializer})
    def post(self, request: Request) -> Response:
        """Makes an order and has WeChat Pay expect the payment.

        ``pay`` is what starts it: ``bridge`` for a page or mini program, ``code_url`` for a QR code,
        ``h5_url`` for another browser. After a 503 ask again with the same Idempotency-Key: it is the same
        order.
        """
        given = _read(NewOrderSerializer, request)
        try:
            order = ordering.create(self._order_request(given))
        except OrderRefused as error:
            _refuse(error)
        return Response(_placed(order), 201)

    def _order_request(self, given: dict[str, Any]) -> ordering.OrderRequest:
        merchant = self._merchant(given.pop("merchant", ""))
        goods = tuple(Goods(**line) for line in given.pop("goods", ()))
        lifetime = given.pop("lifetime", None)
        return ordering.OrderRequest(
            account=self.account,
            merchant=merchant,
            source=_source(self),
            key=self.key,
            goods=goods,
            way=Order.Way(given.pop("way")),
            lifetime=ordering.LIFETIME if lifetime is None else datetime.timedelta(seconds=lifetime),
            **given,
        )

    def _merchant(self, slug: str) -> Merchant:
        """Returns the named merchant; without a name that of the order of before, or the account's."""
        if slug:
            return _merchant(self.account, slug)
        # Asked for again it is the same order, also if the account sells through another merchant by now.
        made = Order.objects.filter(account=self.account, source=_source(self), key=self.key)
        before = made.select_related("merchant").first()
        return before.merchant if before else ordering.merchant_of(self.account)


class OrderDetail(BusinessView):
    scopes = {"GET": READ}

    @extend_schema(responses=OrderSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Returns one order, as we know it now."""
        return Response(OrderSerializer(_order(self.account, number)).data)


class PayOrder(BusinessView):
    scopes = {"POST": WRITE}
    refusals = {"POST": PLACING}
    creates = False

    @extend_schema(request=None, responses=PlacedOrderSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Hands out what starts the payment once more, renewed where it is nearly spent.

        An ``h5_url`` is good for five minutes, the others for two hours. ``pay`` of a paid order is empty;
        one that can no longer be paid is refused as ``over``.
        """
        return Response(_placed(_order(self.account, number)))


class CloseOrder(BusinessView):
    scopes = {"POST": WRITE}
    creates = False

    @extend_schema(request=None, responses=OrderSerializer)
    def post(self, request: Request, number: str) -> Response:
        """Closes the order for payment. A payment made at this very moment wins: look at the state."""
        order = _order(self.account, number)
        if order.is_open and polling.start_closing(order, by=self.client.name):
            polling.poll([order])
        return Response(OrderSerializer(_order(self.account, number)).data)


class OrderShipping(BusinessView):
    scopes = {"GET": READ, "POST": SHIP}
    refusals = {"POST": {409: ("not_to_be_shipped",)}}

    @extend_schema(responses=ShipmentSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Returns how the order was shipped, and whether WeChat knows it. 404 if it was not."""
        shipment = shipping.of_order(_order(self.account, number))
        if shipment is None:
            raise Http404
        return Response(ShipmentSerializer(shipment).data)

    @extend_schema(request=NewShipmentSerializer, responses={201: ShipmentSerializer})
    def post(self, request: Request, number: str) -> Response:
        """Says how a mini program's order was shipped, in one parcel or several; WeChat is told in the
        background, and holds the order's money until then."""
        given = _read(NewShipmentSerializer, request)
        try:
            shipment = shipping.ship(_order(self.account, number), by=_source(self), **given)
        except shipping.NotShippable as refusal:
            raise ApiRefusal(409, "not_to_be_shipped", str(refusal)) from None
        return Response(ShipmentSerializer(shipment).data, 201)


class Refunds(BusinessView):
    scopes = {"GET": READ, "POST": REFUND}
    refusals = {"POST": {400: ("not_paid", "too_much", "too_late", "too_many"), 409: ("conflict",)}}

    @extend_schema(parameters=[OpenApiParameter("out_trade_no", str)], responses=RefundSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Returns refunds of the account, newest first."""
        rows = _refunds(self.account)
        if number := request.query_params.get("out_trade_no"):
            rows = rows.filter(order__out_trade_no=number)
        return self.page(rows, RefundSerializer)

    @extend_schema(request=NewRefundSerializer, responses={201: RefundSerializer})
    def post(self, request: Request) -> Response:
        """Gives back a part of an order or all of it; it is asked for in the background."""
        given = _read(NewRefundSerializer, request)
        order = _order(self.account, given["out_trade_no"])
        try:
            refund = refunding.request(
                order, given["amount"], source=_source(self), key=self.key, reason=given.get("reason", "")
            )
        except OrderRefused as error:
            _refuse(error)
        return Response(RefundSerializer(refund).data, 201)


class RefundDetail(BusinessView):
    scopes = {"GET": READ}

    @extend_schema(responses=RefundSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Returns one refund, as we know it now."""
        refund = _refunds(self.account).filter(out_refund_no=number).first()
        if refund is None:
            raise Http404
        return Response(RefundSerializer(refund).data)


def _read(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Returns the body without what is decided before: the account, and the only currency."""
    given = validated(serializer, request.data)
    given.pop("account", None)
    given.pop("currency", None)
    return given


def _placed(order: Order) -> Any:
    """Returns the order as WeChat Pay expects it, with what starts the payment. Raises ``ApiRefusal``."""
    try:
        placed = ordering.place(order)
        pay = _pay(placed)
    except OrderRefused as error:
        _refuse(error)
    except Uncertain:
        message = _("WeChat Pay gave no usable answer: send the same request again.")
        raise ApiRefusal(503, "uncertain", message) from None
    return PlacedOrderSerializer(placed, context={"pay": pay}).data


def _pay(order: Order) -> dict[str, Any]:
    """Returns what starts the payment; nothing for an order that is paid already."""
    if order.is_paid:
        return {}
    if order.way == Order.Way.NATIVE:
        return {"code_url": order.prepay}
    if order.way == Order.Way.H5:
        return {"h5_url": order.prepay}
    try:
        return {"bridge": ordering.bridge(order)}
    except MerchantUnusable:
        raise ordering.without_keys() from None


def _merchant(account: OfficialAccount, slug: str) -> Merchant:
    found = Merchant.objects.filter(accounts=account, enabled=True, slug=slug).first()
    if found is None:
        raise OrderRefused("merchant", _("The account does not sell through this merchant."))
    return found


def _order(account: OfficialAccount, number: str) -> Order:
    found = Order.objects.select_related("account", "merchant").filter(account=account, out_trade_no=number)
    order = found.first()
    if order is None:
        raise Http404
    return order


def _refunds(account: OfficialAccount) -> QuerySet[Refund]:
    return Refund.objects.filter(account=account).select_related("order")


def _source(view: BusinessView) -> str:
    return f"api:{view.client.pk}"


def _refuse(error: OrderRefused) -> NoReturn:
    if isinstance(error, PlacementRefused):
        message = _("WeChat refused: %(meaning)s") % {"meaning": error.sentence}
        raise ApiRefusal(502, "platform_refused", message, errcode=error.code) from None
    if error.code in FIELDS:
        raise ValidationError({error.code: [error.sentence]}) from None
    raise ApiRefusal(409 if error.code == "conflict" else 400, error.code, error.sentence) from None


urlpatterns = [
    path("orders", Orders.as_view()),
    path("orders/<str:number>", OrderDetail.as_view()),
    path("orders/<str:number>/pay", PayOrder.as_view()),
    path("orders/<str:number>/close", CloseOrder.as_view()),
    path("orders/<str:number>/shipping", OrderShipping.as_view()),
    path("refunds", Refunds.as_view()),
    path("refunds/<str:number>", RefundDetail.as_view()),
]
