"""With no room left for a single file, whoever needs none is served as ever."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.embedded import PROJECT
from tests.cast import Cast, signed_in

COUNTS = """
import resource
from wechat.kernel import metrics

def counter(number):
    return metrics.REQUESTS.labels(f"/a/page/of/some/length/{number}", "GET", "200")

for number in range(100):
    counter(number).inc()
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
for number in range(50, 5000):
    counter(number).inc()
counted = [counter(number)._value.get() for number in (0, 70, 4999)]
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(*counted)
"""


@contextmanager
def no_room() -> Iterator[None]:
    """Every write to a file fails, whichever it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_process_counts_on(tmp_path: Path) -> None:
    """It died of it: what is written into a file that has no room is a SIGBUS."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    counting = [sys.executable, "-c", COUNTS]
    told = subprocess.run(counting, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1.0", "2.0", "1.0"]
    (file,) = tmp_path.glob("counter_*.db")
    assert file.stat().st_blocks * 512 >= file.stat().st_size, "all of it has its place on the disk"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["/admin/", "/admin/orders/order/", "/admin/inbox/inboundmessage/", "/admin/followers/follower/"]
)
def test_pages_open(staff: Cast, page: str) -> None:
    owner = signed_in(staff.owner)
    with no_room():
        assert owner.get(page).status_code == 200
