"""Tests of the trusted sources of a client's IP address."""

import ipaddress

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from wechat.kernel.addresses import client_address, client_network

INSIDE = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        (0, "203.0.113.7", "192.0.2.1", "203.0.113.7"),
        (0, "10.0.0.1", None, "10.0.0.1"),
        (1, "10.0.0.1", "203.0.113.7", "203.0.113.7"),
        (1, "10.0.0.1", "192.0.2.1, 203.0.113.7", "203.0.113.7"),
        (1, "10.0.0.1", "192.0.2.1,203.0.113.7:4711", "203.0.113.7"),
        (1, "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        (1, "10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "10.0.0.1", None, "10.0.0.1"),
        (1, "10.0.0.1", "203.0.113.7, unknown", "10.0.0.1"),
        (1, "", "203.0.113.7", "203.0.113.7"),
        (2, "10.0.0.1", "192.0.2.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "10.0.0.1", "203.0.113.7", "203.0.113.7"),
        (INSIDE, "10.0.0.1", "192.0.2.1, 203.0.113.7, 10.0.0.2, fd00::2", "203.0.113.7"),
        (INSIDE, "203.0.113.7", "192.0.2.1", "203.0.113.7"),
        (INSIDE, "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (INSIDE, "::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
        (INSIDE, "", "203.0.113.7", ""),
    ],
)
def test_only_what_trusted_proxies_wrote_is_believed(
    settings: Settings, trusted: object, peer: str, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXIES = trusted
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)) == expected


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("", "")],
)
def test_limits_take_what_one_customer_has_for_one_caller(address: str, network: str) -> None:
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network
