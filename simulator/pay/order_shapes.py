"""The shapes of the bodies of order calls (pay reference 4.1)."""

from __future__ import annotations

from simulator.pay.schema import Array, Flag, Number, Object, Shape, Text

NUMBER = r"[0-9A-Za-z_\-|*]+"
LIMITS = ("no_balance", "no_credit", "no_debit", "balance_only")

GOODS = Object(
    {
        "merchant_goods_id": Text(32, required=True, pattern=r"[0-9A-Za-z_-]+"),
        "wechatpay_goods_id": Text(32),
        "goods_name": Text(256),
        "quantity": Number(required=True),
        "unit_price": Number(0, required=True),
    }
)
STORE = Object(
    {"id": Text(32, required=True), "name": Text(256), "area_code": Text(32), "address": Text(512)}
)
SCENE: dict[str, Shape] = {
    "payer_client_ip": Text(45, required=True),
    "device_id": Text(32),
    "store_info": STORE,
}
H5_INFO = Object(
    {
        "type": Text(32, required=True, choices=("Wap", "iOS", "Android")),
        "app_name": Text(64),
        "app_url": Text(128),
        "bundle_id": Text(128),
        "package_name": Text(128),
    },
    required=True,
)
IDENTITY = Object({"type": Text(32), "number": Text(1024), "name": Text(1024)})
AMOUNT = Object({"total": Number(required=True), "currency": Text(16, choices=("CNY",))}, required=True)
SETTLE = Object({"profit_sharing": Flag()})
DIRECT: dict[str, Shape] = {"appid": Text(32, required=True), "mchid": Text(32, required=True)}
PARTNER: dict[str, Shape] = {
    "sp_appid": Text(32, required=True),
    "sp_mchid": Text(32, required=True),
    "sub_appid": Text(32),
    "sub_mchid": Text(32, required=True),
}
ORDER: dict[str, Shape] = {
    "description": Text(127, required=True),
    "out_trade_no": Text(32, 6, required=True, pattern=NUMBER),
    "time_expire": Text(64),
    "attach": Text(128),
    "notify_url": Text(255, required=True),
    "goods_tag": Text(32),
    "limit_pay": Array(Text(32, choices=LIMITS)),
    "support_fapiao": Flag(),
    "amount": AMOUNT,
    "detail": Object({"cost_price": Number(0), "invoice_id": Text(32), "goods_detail": Array(GOODS, 6000)}),
    "scene_info": Object(SCENE),
    "settle_info": SETTLE,
}
PAYER = Object({"openid": Text(128, required=True), "identity": IDENTITY}, required=True)
PARTNER_PAYER = Object({"sp_openid": Text(128), "sub_openid": Text(128), "identity": IDENTITY}, required=True)
NOBODY = Object({"identity": IDENTITY})
H5_SCENE = Object({**SCENE, "h5_info": H5_INFO}, required=True)
JSAPI = Object({**DIRECT, **ORDER, "payer": PAYER})
NATIVE = Object({**DIRECT, **ORDER, "payer": NOBODY})
H5 = Object({**DIRECT, **ORDER, "payer": NOBODY, "scene_info": H5_SCENE})
PARTNER_JSAPI = Object({**PARTNER, **ORDER, "payer": PARTNER_PAYER})
PARTNER_NATIVE = Object({**PARTNER, **ORDER, "payer": NOBODY})
PARTNER_H5 = Object({**PARTNER, **ORDER, "payer": NOBODY, "scene_info": H5_SCENE})
CLOSE = Object({"mchid": Text(32, required=True)})
PARTNER_CLOSE = Object({"sp_mchid": Text(32, required=True), "sub_mchid": Text(32, required=True)})

# --- payment codes

CODE_GOODS = Object({**GOODS.fields, "wxpay_goods_id": Text(32)})
CODE_ORDER: dict[str, Shape] = {
    **{
        name: ORDER[name] for name in ("description", "out_trade_no", "attach", "goods_tag", "support_fapiao")
    },
    "amount": AMOUNT,
    "settle_info": SETTLE,
    "detail": Object(
        {"cost_price": Number(0), "invoice_id": Text(32), "goods_detail": Array(CODE_GOODS, 6000)}
    ),
    "payer": Object({"auth_code": Text(32, required=True)}, required=True),
    "scene_info": Object(
        {
            "device_id": Text(32),
            "device_ip": Text(45),
            "store_info": Object({"id": Text(32), "out_id": Text(32)}, required=True),
        },
        required=True,
    ),
}
CODEPAY = Object({**DIRECT, **CODE_ORDER})
PARTNER_CODEPAY = Object({**PARTNER, **CODE_ORDER})
REVERSE = Object(DIRECT)
PARTNER_REVERSE = Object(PARTNER)

# --- combined orders

COMBINE_LIMITS = ("no_balance", "no_debit", "balance_only")
SUB_SETTLE = Object({"profit_sharing": Flag(), "subsidy_amount": Number(0)})
SUB_ORDER = Object(
    {
        "mchid": Text(32, required=True),
        "attach": Text(128, required=True),
        "amount": Object(
            {"total_amount": Number(required=True), "currency": Text(8, required=True, choices=("CNY",))},
            required=True,
        ),
        "out_trade_no": Text(32, 6, required=True, pattern=NUMBER),
        "sub_mchid": Text(32),
        "sub_appid": Text(32),
        "detail": Text(6000),
        "goods_tag": Text(32),
        "description": Text(127, required=True),
        "settle_info": SUB_SETTLE,
    },
    required=True,
)
COMBINE_SCENE: dict[str, Shape] = {"payer_client_ip": Text(45, required=True), "device_id": Text(32)}
COMBINE: dict[str, Shape] = {
    "combine_appid": Text(32, required=True),
    "combine_mchid": Text(32, required=True),
    "combine_out_trade_no": Text(32, 2, required=True, pattern=NUMBER),
    "scene_info": Object(COMBINE_SCENE),
    "sub_orders": Array(SUB_ORDER, 50, required=True),
    "time_start": Text(64),
    "time_expire": Text(64),
    "notify_url": Text(255, required=True),
    "limit_pay": Array(Text(32, choices=COMBINE_LIMITS)),
}
COMBINE_PAYER = Object({"openid": Text(128), "sub_openid": Text(128), "identity": IDENTITY}, required=True)
COMBINE_JSAPI = Object({**COMBINE, "combine_payer_info": COMBINE_PAYER})
COMBINE_NATIVE = Object({**COMBINE, "combine_payer_info": NOBODY})
COMBINE_H5 = Object(
    {
        **COMBINE,
        "combine_payer_info": NOBODY,
        "scene_info": Object({**COMBINE_SCENE, "h5_info": H5_INFO}, required=True),
    }
)
COMBINE_CLOSE = Object(
    {
        "combine_appid": Text(32, required=True),
        "sub_orders": Array(
            Object(
                {
                    "mchid": Text(32, required=True),
                    "out_trade_no": Text(32, required=True),
                    "sub_mchid": Text(32),
                    "sub_appid": Text(32),
                },
                required=True,
            ),
            50,
            required=True,
        ),
    }
)
