"""The serializers of the API of orders and refunds. Amounts are in fen."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments.orders.models import Order, Parcel, Refund, Shipment
from payments.orders.ordering import LARGEST_TOTAL, LONGEST, SHORTEST
from payments.orders.shipping import masked
from wechat.api.serializers import OpenidField
from wechat.sdk.calls import shipping


class StrictInteger(serializers.IntegerField):
    """A JSON number without a fraction: ``"100"``, ``1.0`` and ``true`` are mistakes, not amounts."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            raise serializers.ValidationError(_("A whole number of fen is needed."))
        return super().to_internal_value(data)


class GoodsSerializer(serializers.Serializer[Any]):
    merchant_goods_id = serializers.RegexField(r"^[0-9A-Za-z_-]{1,32}$")
    goods_name = serializers.CharField(max_length=256)
    quantity = StrictInteger(min_value=1)
    unit_price = StrictInteger(min_value=0)


class NewOrderSerializer(serializers.Serializer[Any]):
    account = serializers.CharField(required=False)
    merchant = serializers.CharField(required=False, help_text="Short name; needed if there are several.")
    way = serializers.ChoiceField(choices=Order.Way.choices)
    total = StrictInteger(min_value=1, max_value=LARGEST_TOTAL, help_text="In fen.")
    currency = serializers.ChoiceField(choices=["CNY"], required=False)
    description = serializers.CharField(max_length=127)
    openid = OpenidField(required=False, help_text="With way jsapi.")
    client_ip = serializers.IPAddressField(required=False, help_text="The payer's, with way h5.")
    attach = serializers.CharField(max_length=128, required=False)
    item = serializers.CharField(max_length=64, required=False, help_text="For the revenue page.")
    purchase = serializers.CharField(
        max_length=64, required=False, help_text="Of orders with the same one, only one is kept paid."
    )
    goods = GoodsSerializer(many=True, required=False)
    lifetime = serializers.IntegerField(
        min_value=int(SHORTEST.total_seconds()),
        max_value=int(LONGEST.total_seconds()),
        required=False,
        help_text="Seconds in which it can be paid; 1800 if not given.",
    )


class OrderSerializer(serializers.ModelSerializer[Order]):
    merchant = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)

    class Meta:
        model = Order
        fields = (
            "out_trade_no", "state", "way", "total", "payer_total", "reserved", "refunded", "description",
            "attach", "item", "purchase", "openid", "payer_openid", "merchant", "transaction_id", "bank_type",
            "created_at", "expires_at", "paid_at",
        )  # fmt: skip
        # Each is in every answer, also those that have a default.
        read_only_fields = fields


class PlacedOrderSerializer(OrderSerializer):
    pay = serializers.SerializerMethodField(help_text="What starts the payment.")

    class Meta:
        model = Order
        fields = (*OrderSerializer.Meta.fields, "pay")
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_pay(self, order: Order) -> Any:
        return self.context.get("pay", {})


class NewRefundSerializer(serializers.Serializer[Any]):
    account = serializers.CharField(required=False)
    out_trade_no = serializers.CharField(max_length=32)
    amount = StrictInteger(min_value=1, help_text="In fen, at most what is left of the order.")
    reason = serializers.CharField(max_length=80, required=False, help_text="The payer reads it.")


class RefundSerializer(serializers.ModelSerializer[Refund]):
    out_trade_no = serializers.CharField(source="order.out_trade_no", read_only=True)
    problem = serializers.CharField(source="error", read_only=True)

    class Meta:
        model = Refund
        fields = (
            "out_refund_no", "out_trade_no", "state", "amount", "payer_refund", "reason", "refund_id",
            "problem", "created_at", "succeeded_at",
        )  # fmt: skip
        read_only_fields = fields


HOW = {
    "express": Shipment.How.EXPRESS,
    "local": Shipment.How.LOCAL,
    "virtual": Shipment.How.VIRTUAL,
    "pickup": Shipment.How.PICKUP,
}


class ParcelSerializer(serializers.ModelSerializer[Parcel]):
    """A parcel.

    ``contact`` is the receiver's telephone number, which SF wants; its first three and last four digits are
    kept.
    """

    class Meta:
        model = Parcel
        fields = ("company", "number", "contact")

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        contact = masked(given.get("contact", ""))
        if given["company"] == shipping.CARRIER_WITH_CONTACT and not contact:
            raise serializers.ValidationError({"contact": _("SF wants the receiver's telephone number.")})
        return {**given, "contact": contact}


class NewShipmentSerializer(serializers.Serializer[Any]):
    """All parcels so far, each time; once no more follow, WeChat takes one correction."""

    account = serializers.CharField(required=False)
    how = serializers.ChoiceField(choices=list(HOW))
    parcels = ParcelSerializer(many=True, required=False, help_text="At most 15.")
    more_to_come = serializers.BooleanField(default=False, help_text="Other parcels will follow.")

    def validate_how(self, how: str) -> int:
        return HOW[how].value

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        parcels = [shipping.Parcel(**each) for each in given.get("parcels", ())]
        is_express = given["how"] == Shipment.How.EXPRESS
        if is_express and not parcels:
            raise serializers.ValidationError({"parcels": _("A parcel has a carrier and a number.")})
        if not is_express and (parcels or given["more_to_come"]):
            raise serializers.ValidationError({"parcels": _("Only what goes by a carrier has parcels.")})
        if len(parcels) > shipping.MOST_PARCELS:
            message = _("WeChat takes at most %(most)d parcels.") % {"most": shipping.MOST_PARCELS}
            raise serializers.ValidationError({"parcels": message})
        if len({(each.company, each.number) for each in parcels}) < len(parcels):
            raise serializers.ValidationError({"parcels": _("A parcel is there twice.")})
        return {**given, "parcels": parcels}


class ShipmentSerializer(serializers.ModelSerializer[Shipment]):
    """A shipment. ``state`` says whether WeChat knows it; ``failed`` has the ``problem``."""

    how = serializers.SerializerMethodField()
    parcels = ParcelSerializer(many=True, read_only=True)
    problem = serializers.CharField(source="error", read_only=True)

    class Meta:
        model = Shipment
        fields = ("how", "parcels", "more_to_come", "state", "problem", "shipped_at", "uploaded_at")
        read_only_fields = fields

    @extend_schema_field({"type": "string", "enum": list(HOW)})
    def get_how(self, shipment: Shipment) -> str:
        return next(name for name, how in HOW.items() if how == shipment.how)
