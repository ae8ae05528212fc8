"""The download of files from their own addresses, without an account's token."""

import requests
from urllib3.exceptions import HTTPError

from wechat.sdk import deadlines
from wechat.sdk.connections import Admission, bounded_session
from wechat.sdk.errors import TransportError

CHUNK = 64 * 1024
MOST_REDIRECTS = 5


def download(
    address: str, *, admission: Admission, most: int, seconds: float, timeout: tuple[float, float]
) -> bytes:
    """Downloads a file; stops shortly after ``most`` bytes, so that the caller sees that it is too large.

    ``timeout`` is for connecting and for each read, ``seconds`` for the whole. Follows redirects to addresses
    that ``admission`` admits. Raises ``TransportError``.
    """
    body = bytearray()
    try:
        with deadlines.within(seconds), bounded_session(admission) as session:
            session.max_redirects = MOST_REDIRECTS
            with session.get(address, stream=True, timeout=timeout) as answer:
                if answer.status_code != requests.codes.ok:
                    raise TransportError(f"the file answered HTTP {answer.status_code}", outcome_unknown=True)
                for chunk in answer.iter_content(CHUNK):
                    body += chunk
                    if len(body) > most:
                        break
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise TransportError(f"the file failed: {type(error).__name__}", outcome_unknown=True) from None
    return bytes(body)
