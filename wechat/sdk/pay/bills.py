"""The calls for bills, which are streamed and checked by their hash. WeChat Pay reference 6.1."""

import datetime
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha1
from hmac import compare_digest

import requests
from urllib3.exceptions import HTTPError

from wechat.sdk.answers import text
from wechat.sdk.errors import TransportError
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.errors import BillDamaged

PIECE = 64 << 10
GZIP = b"\x1f\x8b"
FILE = "/v3/billdownload/file"


@dataclass(frozen=True, slots=True)
class BillAddress:
    """The address of a bill, valid for five minutes, with the hash of the uncompressed file."""

    url: str = field(repr=False)
    sha1: str


def trade_bill(client: PayClient, day: datetime.date, bill_type: str = "ALL") -> BillAddress:
    """Returns the address of a day's trade bill.

    Raises PayRefused with NO_STATEMENT_EXIST for a day without trade, STATEMENT_CREATING before 10:00.
    """
    params = {"bill_date": day.isoformat(), "bill_type": bill_type, "tar_type": "GZIP"}
    return _address(client, "/v3/bill/tradebill", params)


def fund_flow_bill(client: PayClient, day: datetime.date, account_type: str = "BASIC") -> BillAddress:
    """Returns the address of a day's fund flow. Raises like ``trade_bill``."""
    params = {"bill_date": day.isoformat(), "account_type": account_type, "tar_type": "GZIP"}
    return _address(client, "/v3/bill/fundflowbill", params)


def stream(client: PayClient, address: BillAddress) -> Iterator[bytes]:
    """Yields the uncompressed file in pieces.

    Raises BillDamaged after the last piece if the hash does not match, so do not use any piece before the
    end.
    """
    digest = sha1(usedforsecurity=False)
    with client.streamed(address.url, FILE) as response:
        for piece in _unpacked(_pieces(response)):
            digest.update(piece)
            yield piece
    if not compare_digest(digest.hexdigest().encode(), address.sha1.lower().encode()):
        raise BillDamaged("the file's hash is not the one WeChat Pay named")


def _address(client: PayClient, path: str, params: dict[str, str]) -> BillAddress:
    answer = client.get(path, params)
    url, kind, value = (text(answer, name) for name in ("download_url", "hash_type", "hash_value"))
    if not url or kind != "SHA1" or not value:
        raise TransportError(f"{path} answered no address with a SHA1", outcome_unknown=True)
    return BillAddress(url, value)


def _pieces(response: requests.Response) -> Iterator[bytes]:
    failure = ""
    try:
        yield from response.raw.stream(PIECE, decode_content=False)
    except (HTTPError, OSError) as error:
        failure = type(error).__name__
    if failure:
        raise TransportError(f"{FILE} broke off: {failure}", outcome_unknown=True)


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yields the uncompressed bill; its first bytes tell whether it is compressed.

    A gzip file may have several members, if it was put together of parts, and zeros after them.
    """
    first = b""
    while len(first) < len(GZIP) and (piece := next(pieces, b"")):
        first += piece
    if not first.startswith(GZIP):
        yield first
        yield from pieces
        return
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for piece in _with(first, pieces):
            waiting = piece
            while waiting := waiting.lstrip(b"\0") if unpacker.eof else waiting:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(wbits=31)
                yield unpacker.decompress(waiting, PIECE)
                waiting = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error as error:
        raise BillDamaged(f"not a gzip file: {error}") from None


def _with(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces
