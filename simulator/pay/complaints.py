"""The API of payers' complaints: reading, answering and completing them, notifications (pay reference 7)."""

from __future__ import annotations

import secrets
from typing import Any

from simulator.pay import moments, notifications, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.field_keys import sealed_for
from simulator.pay.ordering import check_address
from simulator.pay.records.complaints import Complaint, Step
from simulator.pay.records.orders import Order
from simulator.pay.runtime import Runtime
from simulator.pay.schema import Array, Number, Object, Text
from simulator.pay.state import Merchant
from simulator.whole_numbers import whole_number

COMPLAINTS = "/v3/merchant-service/complaints-v2"
ADDRESS = "/v3/merchant-service/complaint-notifications"
MOST_DAYS, MOST_A_PAGE, USUAL_PAGE = 30, 50, 10
LONGEST_HISTORY, USUAL_HISTORY = 300, 100
PENDING, PROCESSING, PROCESSED = "PENDING", "PROCESSING", "PROCESSED"
URL = Object({"url": Text(255, required=True)})
RESPONSE = Object(
    {
        "complainted_mchid": Text(32, required=True),
        "response_content": Text(200, required=True),
        "response_images": Array(Text(64), 4),
        "jump_url": Text(512),
        "jump_url_text": Text(10),
        "mini_program_jump_info": Object(
            {"appid": Text(32, required=True), "path": Text(512, required=True), "text": Text(10)}
        ),
    }
)
COMPLETE = Object({"complainted_mchid": Text(32, required=True)})
REFUND = Object(
    {
        "action": Text(64, required=True, choices=("REJECT", "APPROVE")),
        "launch_refund_day": Number(0),
        "reject_reason": Text(200),
        "reject_media_list": Array(Text(64), 4),
        "remark": Text(200),
    }
)


# --- the address of notifications


@pay_api("POST", ADDRESS)
def set_address(call: Call) -> Answer:
    """Sets the URL for notifications of complaints. Raises INVALID_REQUEST if one is already set."""
    url = call.read(URL)["url"]
    check_address(call.merchant, url, "/url")
    if call.merchant.complaint_url:
        raise PayError("INVALID_REQUEST", texts.ADDRESS_EXISTS)
    return changed_address(call, url)


@pay_api("PUT", ADDRESS)
def change_address(call: Call) -> Answer:
    url = call.read(URL)["url"]
    check_address(call.merchant, url, "/url")
    known_address(call)
    return changed_address(call, url)


def changed_address(call: Call, url: str) -> Answer:
    call.merchant.complaint_url = url
    return {"mchid": call.merchant.mchid, "url": url}


@pay_api("GET", ADDRESS)
def address(call: Call) -> Answer:
    return {"mchid": call.merchant.mchid, "url": known_address(call)}


@pay_api("DELETE", ADDRESS)
def drop_address(call: Call) -> Answer:
    known_address(call)
    call.merchant.complaint_url = ""
    return None


def known_address(call: Call) -> str:
    if not call.merchant.complaint_url:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_ADDRESS)
    return call.merchant.complaint_url


# --- reading


@pay_api("GET", COMPLAINTS)
def listed(call: Call) -> Answer:
    """Returns a page of the complaints of a period of at most thirty days, the newest first."""
    begin, end = day(call, "begin_date"), day(call, "end_date")
    if not begin <= end < begin + MOST_DAYS * 86_400:
        raise wrong("end_date", call.query.get("end_date"), f"at most {MOST_DAYS} days", "query")
    limit, offset = number(call, "limit", USUAL_PAGE, MOST_A_PAGE), number(call, "offset", 0, 10**9)
    all_of = [each for each in call.merchant.complaints.values() if begin <= each.at < end + 86_400]
    all_of.sort(key=lambda each: -each.at)
    page = [complaint_payload(call.merchant, each) for each in all_of[offset : offset + limit]]
    return {"data": page, "offset": offset, "limit": limit, "total_count": len(all_of)}


def day(call: Call, name: str) -> float:
    try:
        return moments.start_of(call.asked(name))
    except ValueError:
        raise wrong(name, call.query.get(name), "not a date", "query") from None


def number(call: Call, name: str, otherwise: int, most: int) -> int:
    text = call.query.get(name, str(otherwise))
    found = whole_number(text)
    if found is None or found > most:
        raise wrong(name, text, f"a number of at most {most}", "query")
    return found


def found(call: Call) -> Complaint:
    complaint = call.merchant.complaints.get(call.path["complaint_id"])
    if complaint is None:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_COMPLAINT)
    return complaint


@pay_api("GET", f"{COMPLAINTS}/{{complaint_id}}")
def detail(call: Call) -> Answer:
    return complaint_payload(call.merchant, found(call))


def complaint_payload(merchant: Merchant, each: Complaint) -> dict[str, Any]:
    order = merchant.orders[each.out_trade_no]
    phone = {"payer_phone": sealed_for(merchant, each.phone.encode())} if each.phone else {}
    return {
        "complaint_id": each.id,
        "complaint_time": moments.rfc3339(each.at),
        "complaint_detail": each.detail,
        "complaint_state": each.state,
        **phone,
        "complaint_order_info": [
            {
                "transaction_id": order.transaction_id,
                "out_trade_no": order.out_trade_no,
                "amount": order.total,
            }
        ],
        "complaint_full_refunded": refunded(merchant, order) >= order.total,
        "incoming_user_response": each.unanswered,
        "user_complaint_times": 1,
        "problem_description": each.problem,
        "problem_type": each.kind,
        "apply_refund_amount": order.total if each.kind == "REFUND" else 0,
        "payer_openid": order.payer,
        "user_tag_list": [],
    }


def refunded(merchant: Merchant, order: Order) -> int:
    return sum(each.amount for each in merchant.refunds_of(order) if each.status == "SUCCESS")


@pay_api("GET", f"{COMPLAINTS}/{{complaint_id}}/negotiation-historys")
def history(call: Call) -> Answer:
    """Returns the steps of a complaint, the newest first."""
    steps = list(reversed(found(call).steps))
    limit, offset = number(call, "limit", USUAL_HISTORY, LONGEST_HISTORY), number(call, "offset", 0, 10**9)
    page = [
        {
            "log_id": f"{call.path['complaint_id']}{len(steps) - offset - place:04d}",
            "operator": each.operator,
            "operate_time": moments.rfc3339(each.at),
            "operate_type": each.kind,
            "operate_details": each.text,
        }
        for place, each in enumerate(steps[offset : offset + limit])
    ]
    return {"data": page, "offset": offset, "limit": limit, "total_count": len(steps)}


# --- answering


@pay_api("POST", f"{COMPLAINTS}/{{complaint_id}}/response")
def respond(call: Call) -> Answer:
    body, complaint = owned(call, RESPONSE), found(call)
    must_be_open(complaint)
    add_step(call.runtime, complaint, "投诉商家", "MERCHANT_RESPONSE", body["response_content"])
    complaint.state, complaint.unanswered = PROCESSING, False
    notify(call.runtime, call.merchant, complaint, "COMPLAINT.STATE_CHANGE", "MERCHANT_RESPONSE")
    return None


@pay_api("POST", f"{COMPLAINTS}/{{complaint_id}}/complete")
def complete(call: Call) -> Answer:
    owned(call, COMPLETE)
    complaint = found(call)
    must_be_open(complaint)
    if complaint.state == PENDING:
        raise PayError("INVALID_REQUEST", texts.ANSWER_FIRST)
    add_step(call.runtime, complaint, "投诉商家", "MERCHANT_CONFIRM_COMPLETE", "")
    complaint.state = PROCESSED
    notify(call.runtime, call.merchant, complaint, "COMPLAINT.STATE_CHANGE", "MERCHANT_CONFIRM_COMPLETE")
    return None


@pay_api("POST", f"{COMPLAINTS}/{{complaint_id}}/update-refund-progress")
def refund_progress(call: Call) -> Answer:
    """Records the merchant's decision on the refund that a complaint requests; no money moves."""
    body, complaint = call.read(REFUND), found(call)
    must_be_open(complaint)
    if complaint.kind != "REFUND":
        raise PayError("INVALID_REQUEST", texts.NO_REFUND_COMPLAINT)
    if body["action"] == "REJECT" and not body.get("reject_reason"):
        raise wrong("/reject_reason", None, "missing")
    kind = "MERCHANT_APPROVE_REFUND" if body["action"] == "APPROVE" else "MERCHANT_REJECT_REFUND"
    add_step(call.runtime, complaint, "投诉商家", kind, body.get("reject_reason", body.get("remark", "")))
    complaint.state = PROCESSING
    notify(call.runtime, call.merchant, complaint, "COMPLAINT.STATE_CHANGE", kind)
    return None


def owned(call: Call, shape: Object) -> dict[str, Any]:
    body = call.read(shape)
    call.must_own(body["complainted_mchid"])
    return body


def must_be_open(complaint: Complaint) -> None:
    if complaint.state == PROCESSED:
        raise PayError("INVALID_REQUEST", texts.COMPLAINT_OVER)


# --- actions of payers, and their notifications


def complain(
    runtime: Runtime, merchant: Merchant, order: Order, detail: str, kind: str, phone: str
) -> Complaint:
    now = runtime.world.now
    number = f"{moments.compact(now)[:8]}{secrets.randbelow(10**20):020d}"
    problem = {"REFUND": "申请退款", "SERVICE_NOT_WORK": "服务权益未生效"}.get(kind, "其他问题")
    complaint = Complaint(number, order.out_trade_no, detail, problem, kind, phone, now)
    merchant.complaints[number] = complaint
    add_step(runtime, complaint, "投诉人", "USER_CREATE_COMPLAINT", detail)
    notify(runtime, merchant, complaint, "COMPLAINT.CREATE", "CREATE_COMPLAINT")
    return complaint


def add_text(runtime: Runtime, merchant: Merchant, complaint: Complaint, text: str) -> None:
    """Adds a further text of the payer, which reopens a completed complaint."""
    add_step(runtime, complaint, "投诉人", "USER_RESPONSE", text)
    complaint.unanswered = True
    complaint.state = PENDING if complaint.state == PROCESSED else complaint.state
    notify(runtime, merchant, complaint, "COMPLAINT.STATE_CHANGE", "USER_RESPONSE")


def add_step(runtime: Runtime, complaint: Complaint, operator: str, kind: str, text: str) -> None:
    complaint.steps.append(Step(operator, kind, text, runtime.world.now))
    runtime.world.changes += 1


def notify(runtime: Runtime, merchant: Merchant, complaint: Complaint, event: str, action: str) -> None:
    if merchant.complaint_url:
        payload = {"complaint_id": complaint.id, "action_type": action}
        notifications.notify(runtime, merchant, merchant.complaint_url, event, complaint.id, payload)
