"""Who does what is due: the table the runtime is started with."""

from __future__ import annotations

from simulator.pay.delivery import deliver
from simulator.pay.refunding import finish_due
from simulator.pay.runtime import Performers
from simulator.pay.schedule import RefundDue
from simulator.pay.state import Notice

PERFORMERS: Performers = {Notice: deliver, RefundDue: finish_due}
