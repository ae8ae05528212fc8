"""The rate limit of API clients."""

from dataclasses import dataclass
from typing import Self

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from wechat.api.authentication import client_of
from wechat.api.models import ApiClient
from wechat.kernel.buckets import wait_for

# A client may spend ten seconds' worth at once.
BURST_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Bucket:
    """The token bucket of a client, filled at ``ApiClient.per_minute``."""

    name: str
    size: int
    per_second: float

    @classmethod
    def of(cls, client: ApiClient) -> Self:
        per_second = client.per_minute / 60
        return cls(f"api:{client.pk}", max(1, int(per_second * BURST_SECONDS)), per_second)


class ClientRate(BaseThrottle):
    """The throttle of a client; without Redis there is no limit."""

    _wait = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        bucket = Bucket.of(client_of(request))
        self._wait = wait_for(bucket.name, size=bucket.size, per_second=bucket.per_second)
        return self._wait == 0

    def wait(self) -> float:
        return self._wait
