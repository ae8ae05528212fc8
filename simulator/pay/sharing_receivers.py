"""The API of receivers of profit sharing, to add and delete them (分账接收方)."""

from __future__ import annotations

from typing import Any

from simulator.pay import texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.field_keys import check_sealed
from simulator.pay.ordering import parties
from simulator.pay.records.sharing import Receiver
from simulator.pay.sharing_shapes import DROPPED, MERCHANT, RECEIVER, SUB_PERSON, partner

RECEIVERS = "/v3/profitsharing/receivers"
MOST = 20_000


def key(sub_mchid: str, type: str, account: str) -> str:  # noqa: A002 - the API's own word
    """Returns the storage key of a receiver; each served merchant has its own receivers."""
    return f"{sub_mchid} {type} {account}"


@pay_api("POST", f"{RECEIVERS}/add")
def add(call: Call) -> Answer:
    """Adds or changes a receiver. A merchant as a receiver must exist."""
    body, merchant = call.read(RECEIVER), call.merchant
    check(call, body)
    if "name" in body:
        check_sealed(call, body, "name")
    if (body["relation_type"] == "CUSTOM") is not ("custom_relation" in body):
        issue = "needed for the relation CUSTOM, and for no other"
        raise wrong("/custom_relation", body.get("custom_relation"), issue)
    if body["type"] == MERCHANT and body["account"] not in call.runtime.state.merchants:
        raise PayError("INVALID_REQUEST", texts.NO_SUCH_RECEIVER)
    found = Receiver(
        body["type"],
        body["account"],
        body["relation_type"],
        body.get("custom_relation", ""),
        body.get("sub_mchid", ""),
    )
    known = key(found.sub_mchid, found.type, found.account)
    if known not in merchant.receivers and len(merchant.receivers) >= MOST:
        raise PayError("RULE_LIMIT")
    merchant.receivers[known] = found
    call.runtime.world.changes += 1
    returned = ("type", "account", "name", "relation_type", "custom_relation")
    return {**partner(found.sub_mchid), **{name: body[name] for name in returned if name in body}}


@pay_api("POST", f"{RECEIVERS}/delete")
def delete(call: Call) -> Answer:
    """Deletes a receiver; succeeds for an unknown one as well."""
    body = call.read(DROPPED)
    check(call, body)
    sub_mchid = body.get("sub_mchid", "")
    call.merchant.receivers.pop(key(sub_mchid, body["type"], body["account"]), None)
    return {**partner(sub_mchid), "type": body["type"], "account": body["account"]}


def check(call: Call, body: dict[str, Any]) -> None:
    """Checks the appids of a receiver.

    Raises PayError for an appid that is not the caller's, or an openid without its appid.
    """
    parties(call, body)
    if body["type"] == SUB_PERSON and not body.get("sub_appid"):
        raise wrong("/sub_appid", None, "missing")
