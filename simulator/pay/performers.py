"""Who does what is due: the table the runtime is started with."""

from __future__ import annotations

from simulator.pay.delivery import deliver
from simulator.pay.refunding import finish_due
from simulator.pay.runtime import Performers
from simulator.pay.schedule import RefundDue, TransferDue
from simulator.pay.state import Notice
from simulator.pay.transfers import overdue

PERFORMERS: Performers = {Notice: deliver, RefundDue: finish_due, TransferDue: overdue}
