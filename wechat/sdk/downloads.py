"""Files that lie at addresses of their own, fetched without an account's token."""

import time

import requests

from wechat.sdk.errors import TransportError

CHUNK = 64 * 1024


def download(address: str, *, most: int, seconds: float, timeout: tuple[float, float]) -> bytes:
    """The file, cut off shortly after ``most`` bytes: the caller sees that it is too large.

    ``timeout`` is for connecting and for each read, ``seconds`` for the whole. No redirect is followed.
    Raises ``TransportError``.
    """
    body, until = bytearray(), time.monotonic() + seconds
    try:
        with requests.get(address, stream=True, timeout=timeout, allow_redirects=False) as answer:
            if answer.status_code != requests.codes.ok:
                raise TransportError(f"the file answered HTTP {answer.status_code}", outcome_unknown=True)
            for chunk in answer.iter_content(CHUNK):
                body += chunk
                if time.monotonic() > until:
                    raise TransportError("the file came too slowly", outcome_unknown=True)
                if len(body) > most:
                    break
    except requests.RequestException as error:
        raise TransportError(f"the file failed: {type(error).__name__}", outcome_unknown=True) from None
    return bytes(body)
