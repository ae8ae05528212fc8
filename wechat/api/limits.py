"""How often one client may call."""

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from wechat.api.authentication import client_of
from wechat.kernel.buckets import wait_for

# A client may spend ten seconds' worth at once.
BURST_SECONDS = 10


class ClientRate(BaseThrottle):
    """``ApiClient.per_minute``, evenly; without Redis nobody is held up."""

    _wait = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        client = client_of(request)
        per_second = client.per_minute / 60
        size = max(1, int(per_second * BURST_SECONDS))
        self._wait = wait_for(f"api:{client.pk}", size=size, per_second=per_second)
        return self._wait == 0

    def wait(self) -> float:
        return self._wait
