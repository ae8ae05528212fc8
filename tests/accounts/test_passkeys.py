"""A passkey as the second step, shown by an authenticator that counts how often it signed."""

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData, CollectedClientData
from pytest_django import Settings

from accounts.staff.models import AuditEntry, SecondFactor
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db

HOST = "console.example.com"
SIGN_IN = "admin:staff_passkey_step"


class Authenticator:
    """A security key with one passkey of somebody, registered with a count."""

    def __init__(self, user: User, count: int) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = ES256.from_cryptography_key(self._key.public_key())  # type: ignore[no-untyped-call]
        self._credential = AttestedCredentialData.create(b"\0" * 16, b"a passkey", public)
        secret = websafe_encode(bytes(self._credential))
        SecondFactor.objects.create(user=user, kind="passkey", name="钥匙", secret=secret, counter=count)

    def answer(self, options: Any, count: int) -> dict[str, Any]:
        challenge = options["publicKey"]["challenge"]
        client_data = CollectedClientData.create("webauthn.get", challenge, f"https://{HOST}")
        host = hashlib.sha256(HOST.encode()).digest()
        data = AuthenticatorData.create(host, AuthenticatorData.FLAG.UP, count)
        signature = self._key.sign(data + client_data.hash, ec.ECDSA(hashes.SHA256()))
        name = websafe_encode(self._credential.credential_id)
        response = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
        }
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


@pytest.fixture(autouse=True)
def _host(settings: Settings) -> None:
    settings.PUBLIC_URL = f"https://{HOST}"


def signs_in(user: User, authenticator: Authenticator, count: int) -> bool:
    """Returns whether the console opens to the password and a passkey that has this count."""
    client = Client()
    client.post("/admin/login/?next=/admin/", {"username": user.username, "password": PASSWORD})
    step = reverse(SIGN_IN)
    options = client.post(step, {}, content_type="application/json").json()
    answer = {"answer": authenticator.answer(options, count)}
    client.post(step, answer, content_type="application/json")
    return client.get("/admin/").status_code == 200


def refusals() -> int:
    return AuditEntry.objects.filter(note__contains="计数器").count()


def test_an_answer_that_is_nested_without_end_opens_nothing(staff: Cast) -> None:
    Authenticator(staff.owner, 3)
    client = Client()
    client.post("/admin/login/?next=/admin/", {"username": staff.owner.username, "password": PASSWORD})
    answer = client.post(reverse(SIGN_IN), b"[" * 1100, content_type="application/json")
    assert (answer.status_code < 500, client.get("/admin/").status_code) == (True, 302)


def test_a_passkey_whose_count_goes_up_opens(staff: Cast) -> None:
    authenticator = Authenticator(staff.owner, 3)
    assert [signs_in(staff.owner, authenticator, count) for count in (4, 9)] == [True, True]
    assert SecondFactor.objects.get().counter == 9
    assert not refusals()


@pytest.mark.parametrize("count", [0, 8, 9])
def test_a_passkey_whose_count_does_not_go_up_is_refused_as_a_copy_and_told(staff: Cast, count: int) -> None:
    authenticator = Authenticator(staff.owner, 3)
    assert signs_in(staff.owner, authenticator, 9)
    assert not signs_in(staff.owner, authenticator, count)
    assert refusals() == 1
    assert signs_in(staff.owner, authenticator, 10)


def test_a_passkey_that_does_not_count_opens_every_time(staff: Cast) -> None:
    authenticator = Authenticator(staff.owner, 0)
    assert [signs_in(staff.owner, authenticator, 0) for _each in range(2)] == [True, True]
    assert not refusals()
