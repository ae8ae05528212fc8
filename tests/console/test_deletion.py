"""Tests of the confirmation of deletions: it lists the related rows by kind and number."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.followers.models import Follower
from tests.cast import Cast, signed_in
from tests.console.table import table
from tests.console.visiting import address_of
from tests.console.world import World
from wechat.webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db

LISTED = re.compile(r'<ul class="leading-relaxed[^"]*">(.*?)</ul>', re.DOTALL)


def test_no_row_that_goes_along_is_named_by_its_class(staff: Cast, ours: World) -> None:
    client = signed_in(staff.superuser)
    seen, wrong = 0, []
    for name, page in table().items():
        if not name.endswith("_delete") or page.get == "nobody" or page.is_not_now:
            continue
        shown = client.get(address_of(name, page, ours)).content.decode()
        listed = [re.sub(r"\s+", " ", part) for part in LISTED.findall(shown)]
        seen += bool(listed)
        # Of a model without a name for staff, or with an English plural behind a Chinese one.
        wrong += [
            f"{name}: {part}"
            for part in listed
            if re.search(r"object \(|[一-龥]s\b|<li> [A-Za-z]+: \d", part)
        ]
    assert seen > 10
    assert not wrong, "\n".join(wrong)


def test_a_tag_of_many_followers_is_deleted_without_reading_them(staff: Cast, ours: World) -> None:
    client, tag = signed_in(staff.superuser), ours["followers.tag"]
    address = reverse("admin:followers_tag_delete", args=[tag.pk])

    def visit() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    visit()
    few = visit()
    people = [Follower(account=ours.account, openid=f"oMany{number}") for number in range(300)]
    tag.followers.add(*Follower.objects.bulk_create(people))
    assert visit() == few
    shown = client.get(address).content.decode()
    assert len(shown) < 200_000


def test_a_webhook_is_deleted_with_what_was_delivered_to_it(staff: Cast, ours: World) -> None:
    endpoint = ours["webhooks.endpoint"]
    address = reverse("admin:webhooks_endpoint_delete", args=[endpoint.pk])
    owner = signed_in(staff.owner)
    assert "推送记录：1" in re.sub(r"\s+", " ", owner.get(address).content.decode())
    owner.post(address, {"post": "yes"})
    assert not Endpoint.objects.filter(pk=endpoint.pk).exists()
    assert not Delivery.objects.filter(endpoint_id=endpoint.pk).exists()
