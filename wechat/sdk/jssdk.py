"""The signature that a page needs for the JS-SDK. WeChat reference 4.7."""

from hashlib import sha1


def signature(ticket: str, noncestr: str, timestamp: int, url: str) -> str:
    """Returns the lower-case hex signature for a page.

    ``url`` is its full address; the part after a # is ignored.
    """
    page = url.partition("#")[0]
    signed = f"jsapi_ticket={ticket}&noncestr={noncestr}&timestamp={timestamp}&url={page}"
    return sha1(signed.encode(), usedforsecurity=False).hexdigest()
