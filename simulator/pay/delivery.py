"""The delivery of notifications: each attempt is encrypted and signed anew; retries last 24 h 4 min (pay
reference 5.4, 5.5).
"""

from __future__ import annotations

import asyncio
import time

import anyio
import requests
from anyio import to_thread

from simulator.pay import answers, moments, sealing
from simulator.pay.faults import PayFault, next_fault
from simulator.pay.records.notifications import Delivery, Notification
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant

STEPS = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10_800, 10_800, 10_800, 21_600, 21_600)
TAKEN = (200, 204)
BODY_KEPT = 1_000
SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
    "PROFITSHARING.SUCCESS": "分账成功",
    "PROFITSHARING.RETURN": "分账回退成功",
    "SECURITY_ECHO.SUCCESS": "签名验签/加解密测试成功",
    "MCHTRANSFER.BILL.FINISHED": "商家转账单据终态通知",
    "COMPLAINT.CREATE": "产生新投诉",
    "COMPLAINT.STATE_CHANGE": "投诉单状态变化",
}
# The type of a notification's encrypted resource, if it differs from the event's.
ORIGINALS = {"mchtransfer": "mch_payment", "security_echo": "security"}
V2_TAKEN = b"SUCCESS"


async def deliver(runtime: Runtime, notification: Notification, spoil: str = "") -> None:
    """Attempts to deliver a notification, and schedules the next attempt if it fails.

    ``spoil`` makes the signature of this attempt invalid.
    """
    state, merchant = runtime.state, runtime.state.merchants.get(notification.mchid)
    if merchant is None or notification.due_at is None:
        return
    fault = next_fault(state.faults, "notification", notification.mchid) or PayFault(0)
    if fault.delay:
        notification.due_at += fault.delay
        runtime.plan(notification)
        return
    spoil = spoil or fault.spoil or runtime.probe()
    made = await asyncio.gather(
        *(attempt(runtime, merchant, notification, fault, spoil) for _ in range(fault.copies))
    )
    if not spoil and any(each.verdict == "taken" for each in made):
        notification.due_at = None
    else:
        postpone(notification)
        runtime.plan(notification)
    runtime.world.changes += 1


def postpone(notification: Notification) -> None:
    """Schedules the next attempt, relative to the due time of this one, not to now.

    If the clock is moved far ahead, all missed attempts are therefore made.
    """
    if notification.due_at is not None and notification.steps < len(STEPS):
        notification.due_at += STEPS[notification.steps]
        notification.steps += 1
    else:
        notification.due_at = None


async def attempt(
    runtime: Runtime, merchant: Merchant, notification: Notification, fault: PayFault, spoil: str
) -> Delivery:
    made = Delivery(runtime.world.now, tamper=spoil)
    notification.attempts.append(made)
    if fault.lose:
        made.verdict = "lost"
        return made
    if fault.latency_ms:
        await asyncio.sleep(fault.latency_ms / 1000)
    body, headers = packed(runtime, merchant, notification, spoil)
    made.serial = headers.get("Wechatpay-Serial", "")
    started = time.perf_counter()
    await send(runtime, notification, made, body, headers)
    made.ms = round((time.perf_counter() - started) * 1000, 1)
    return made


def packed(
    runtime: Runtime, merchant: Merchant, notification: Notification, spoil: str
) -> tuple[bytes, dict[str, str]]:
    if notification.v2:
        return notification.plain.encode(), {"Content-Type": "text/xml"}
    kind = notification.event_type.partition(".")[0].lower()
    original = ORIGINALS.get(kind, kind)
    resource = sealing.seal(notification.plain.encode(), merchant.apiv3_key, original)
    envelope = {
        "id": notification.id,
        "create_time": moments.rfc3339(notification.made_at),
        "resource_type": "encrypt-resource",
        "event_type": notification.event_type,
        "summary": SUMMARIES[notification.event_type],
        "resource": {"original_type": original, **resource},
    }
    body = answers.compact(envelope)
    headers = answers.signature_headers(answers.for_notification(merchant), body, runtime.signing_now, spoil)
    return answers.spoiled(body, spoil), {"Content-Type": "application/json", **headers}


async def send(
    runtime: Runtime, notification: Notification, made: Delivery, body: bytes, headers: dict[str, str]
) -> None:
    deadline = runtime.state.settings.notification_deadline
    try:
        with anyio.fail_after(deadline):
            answer = await to_thread.run_sync(
                post,
                notification.url,
                body,
                headers,
                deadline,
                runtime.world.callback_ca,
                abandon_on_cancel=True,
                limiter=runtime.limiter,
            )
    except (TimeoutError, requests.Timeout):
        made.verdict = "timeout"
    except requests.RequestException as error:
        made.verdict, made.body = "error", type(error).__name__
    else:
        made.status, made.body = answer.status_code, answer.content[:BODY_KEPT].decode(errors="replace")
        good = answer.status_code in TAKEN and (not notification.v2 or V2_TAKEN in answer.content)
        made.verdict = "taken" if good else "refused"


def post(url: str, body: bytes, headers: dict[str, str], timeout: float, ca: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        given = {
            "User-Agent": "Mozilla/4.0",
            "Accept": "*/*",
            "Pragma": "no-cache",
            "Connection": "close",
            **headers,
        }
        return session.post(
            url, data=body, headers=given, timeout=timeout, allow_redirects=False, verify=ca or True
        )
