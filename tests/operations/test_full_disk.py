"""With no room left for a single file, whoever needs none is served as ever."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db


@contextmanager
def no_room() -> Iterator[None]:
    """Every write to a file fails, whichever it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    "page", ["/admin/", "/admin/orders/order/", "/admin/inbox/inboundmessage/", "/admin/followers/follower/"]
)
def test_pages_open(staff: Cast, page: str) -> None:
    owner = signed_in(staff.owner)
    with no_room():
        assert owner.get(page).status_code == 200
