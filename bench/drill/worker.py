"""The Celery application of a drill: the console's, with short leases, and webhooks to this machine.

The claims of a killed worker are free for others when their lease ends. In the shipped worker that takes up
to ten minutes, longer than any call can last; here it takes ``LEASE``. Webhooks can be sent to this machine,
which is forbidden otherwise.
"""

import datetime
from typing import Any

from celery.signals import worker_process_init

from config.celery import app

LEASE = datetime.timedelta(seconds=40)

__all__ = ["LEASE", "app"]


@worker_process_init.connect
def configure_drill(**_arguments: Any) -> None:
    from wechat.kernel import public_network
    from wechat.kernel.work import KINDS, Kind, holds
    from wechat.pushes import claiming

    public_network.is_admitted = lambda host, port, address: True
    holds.PROBE_LEASE = LEASE
    claiming.LEASE = LEASE
    for kind in KINDS:
        if isinstance(kind, Kind):
            kind.lease = min(kind.lease, LEASE)
