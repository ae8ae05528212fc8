"""The download of the platform's certificates. WeChat Pay reference 2.4."""

from wechat.sdk.errors import TransportError
from wechat.sdk.pay import verifying
from wechat.sdk.pay.certificates import Certificate, read_certificate
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.errors import NotGenuine, NotUnderstood, PayRefused
from wechat.sdk.pay.sealing import unseal
from wechat.sdk.text import load_json

CERTIFICATES = "/v3/certificates"


def download(client: PayClient) -> list[Certificate]:
    """Returns the certificates that are valid or will be soon; the answer is verified with them.

    Empty for a merchant that has only the public key mode.
    """
    try:
        answer = client.unverified(CERTIFICATES)
    except PayRefused as error:
        if error.code == "RESOURCE_NOT_EXISTS":
            return []
        raise
    try:
        certificates = read(answer.body, client.merchant.api_v3_key)
        keys = client.platform.with_certificates(certificates)
        verifying.check(keys, answer.headers, answer.body, client.now())
    except NotGenuine as error:
        message = f"{CERTIFICATES} answered without proof ({error.reason})"
        raise TransportError(message, outcome_unknown=True) from None
    return certificates


def read(body: bytes, api_v3_key: bytes) -> list[Certificate]:
    """Returns the certificates in an answer. Raises NotUnderstood, Unsealable or KeyRefused."""
    try:
        entries = load_json(body)["data"]
        sealed = [(str(entry["serial_no"]), dict(entry["encrypt_certificate"])) for entry in entries]
    except (ValueError, KeyError, TypeError):
        raise NotUnderstood("no list of certificates") from None
    return [_opened(serial, resource, api_v3_key) for serial, resource in sealed]


def _opened(serial: str, resource: dict[str, object], api_v3_key: bytes) -> Certificate:
    certificate = read_certificate(unseal(resource, api_v3_key).decode(errors="replace"))
    if certificate.serial_no != serial:
        raise NotUnderstood("a certificate under the serial number of another")
    return certificate
