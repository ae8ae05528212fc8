"""The execution of calls under a fault rule, for both versions of the API (pay reference 11)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TypeVar

from simulator.pay.errors import PayError
from simulator.pay.faults import PayFault
from simulator.pay.runtime import Runtime

Answer = TypeVar("Answer")


async def perform(
    fault: PayFault, runtime: Runtime, handler: Callable[[], Answer | Awaitable[Answer]]
) -> Answer:
    """Returns the handler's answer. Raises the fault's PayError, before or after the call is performed."""
    if fault.latency_ms:
        await asyncio.sleep(fault.latency_ms / 1000)
    if fault.status and not fault.after:
        raise _as_error(fault)
    result = handler()
    answer: Answer = await result if isawaitable(result) else result
    if fault.notification_first:
        await runtime.settle()
    if fault.status:
        raise _as_error(fault)
    return answer


def _as_error(fault: PayFault) -> PayError:
    return PayError(fault.code or "SYSTEM_ERROR", fault.message, status=fault.status)
