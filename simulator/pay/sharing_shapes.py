"""The shapes of bodies and answers of profit sharing calls."""

from __future__ import annotations

from typing import Any

from simulator.pay import moments
from simulator.pay.records.sharing import Share, Sharing, SharingReturn
from simulator.pay.schema import Array, Flag, Number, Object, Text

Payload = dict[str, Any]
MERCHANT, PERSON, SUB_PERSON = "MERCHANT_ID", "PERSONAL_OPENID", "PERSONAL_SUB_OPENID"
TYPES = (MERCHANT, PERSON, SUB_PERSON)
RELATIONS = (
    "SERVICE_PROVIDER", "STORE", "STAFF", "STORE_OWNER", "PARTNER", "HEADQUARTER", "BRAND", "DISTRIBUTOR",
    "USER", "SUPPLIER", "CUSTOM",
)  # fmt: skip
NUMBER = r"[0-9A-Za-z_\-|*@]+"
RECEIVER = Object(
    {
        "sub_mchid": Text(32),
        "appid": Text(32, required=True),
        "sub_appid": Text(32),
        "type": Text(32, required=True, choices=TYPES),
        "account": Text(64, required=True),
        "name": Text(10240),
        "relation_type": Text(32, required=True, choices=RELATIONS),
        "custom_relation": Text(10),
    }
)
DROPPED = Object(
    {name: RECEIVER.fields[name] for name in ("sub_mchid", "appid", "sub_appid", "type", "account")}
)
PART = Object(
    {
        "type": Text(32, required=True, choices=TYPES),
        "account": Text(64, required=True),
        "name": Text(1024),
        "amount": Number(required=True),
        "description": Text(80, required=True),
    },
    required=True,
)
SHARING = Object(
    {
        "sub_mchid": Text(32),
        "appid": Text(32),
        "sub_appid": Text(32),
        "transaction_id": Text(32, required=True),
        "out_order_no": Text(64, required=True, pattern=NUMBER),
        "receivers": Array(PART, 50),
        "unfreeze_unsplit": Flag(required=True),
    }
)
UNFREEZE = Object(
    {
        "sub_mchid": Text(32),
        "transaction_id": Text(32, required=True),
        "out_order_no": Text(64, required=True, pattern=NUMBER),
        "description": Text(80, required=True),
    }
)
RETURN = Object(
    {
        "sub_mchid": Text(32),
        "order_id": Text(64),
        "out_order_no": Text(64),
        "out_return_no": Text(64, required=True, pattern=NUMBER),
        "return_mchid": Text(32, required=True),
        "amount": Number(required=True),
        "description": Text(80, required=True),
    }
)


def partner(sub_mchid: str) -> Payload:
    return {"sub_mchid": sub_mchid} if sub_mchid else {}


def sharing_payload(sharing: Sharing) -> Payload:
    return {
        **partner(sharing.sub_mchid),
        "transaction_id": sharing.transaction_id,
        "out_order_no": sharing.out_order_no,
        "order_id": sharing.order_id,
        "state": sharing.state,
        "receivers": [share_payload(sharing, each) for each in sharing.shares],
    }


def share_payload(sharing: Sharing, share: Share) -> Payload:
    reason = {"fail_reason": share.fail_reason} if share.fail_reason else {}
    return {
        "amount": share.amount,
        "description": share.description,
        "type": share.type,
        "account": share.account,
        "result": share.result,
        **reason,
        "detail_id": share.detail_id,
        "create_time": moments.rfc3339(sharing.made_at),
        "finish_time": moments.rfc3339(sharing.finished_at),
    }


def return_payload(found: SharingReturn) -> Payload:
    reason = {"fail_reason": found.fail_reason} if found.fail_reason else {}
    return {
        **partner(found.sub_mchid),
        "order_id": found.order_id,
        "out_order_no": found.out_order_no,
        "out_return_no": found.out_return_no,
        "return_id": found.return_id,
        "return_mchid": found.return_mchid,
        "amount": found.amount,
        "description": found.description,
        "result": found.result,
        **reason,
        "create_time": moments.rfc3339(found.at),
        "finish_time": moments.rfc3339(found.at),
    }
