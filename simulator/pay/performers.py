"""The table of functions that perform due tasks, by the class of the task."""

from __future__ import annotations

from simulator.pay import red_packets, sharing_ledger
from simulator.pay.delivery import deliver
from simulator.pay.records.notifications import Notification
from simulator.pay.refunding import finish_due
from simulator.pay.runtime import Performers
from simulator.pay.schedule import RedPacketDue, RefundDue, SharingDue, TransferDue
from simulator.pay.transfers import overdue

PERFORMERS: Performers = {
    Notification: deliver,
    RefundDue: finish_due,
    TransferDue: overdue,
    SharingDue: sharing_ledger.finish_due,
    RedPacketDue: red_packets.return_unopened,
}
