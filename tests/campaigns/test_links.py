"""Tests of tracked links: they redirect to the URL of the campaign's text, and nowhere else."""

import pytest
from django.test import Client

from tests.campaigns.conftest import World
from wechat.campaigns import links
from wechat.campaigns.models import Recipient

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_tap_is_counted_once_and_goes_on(world: World, client: Client) -> None:
    world.follow("oTapper")
    campaign = world.campaign(tracked=True)
    campaign.variants.update(url="https://shop.example.com/?who={openid}")
    world.run(world.begun(campaign))
    row = Recipient.objects.get()
    address = "/l/" + links.address(row.pk).rpartition("/")[2]
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://shop.example.com/?who=oTapper")
    row.refresh_from_db()
    first = row.tapped_at
    client.get(address)
    row.refresh_from_db()
    assert first is not None
    assert row.tapped_at == first


@pytest.mark.parametrize("change", ["x", "-"])
def test_a_made_up_link_counts_nothing(world: World, client: Client, change: str) -> None:
    world.follow("oTapper")
    world.begun(world.campaign(tracked=True))
    row = Recipient.objects.get()
    address = "/l/" + links.address(row.pk).rpartition("/")[2]
    assert client.get(address[:-1] + change + "!").status_code == 404
    assert client.get(address.replace(f"{row.pk}-", f"{row.pk + 1}-", 1)).status_code == 404
    row.refresh_from_db()
    assert row.tapped_at is None


def test_a_link_without_anywhere_to_lead_is_not_found(world: World, client: Client) -> None:
    world.follow("oTapper")
    world.begun(world.campaign(tracked=True))
    address = "/l/" + links.address(Recipient.objects.get().pk).rpartition("/")[2]
    assert client.get(address).status_code == 404
