"""The form of an openid: letters, digits, hyphen and underscore (WeChat reference 0, the table of ids)."""

import re

LONGEST = 64
OPENID = re.compile(rf"^[A-Za-z0-9_-]{{1,{LONGEST}}}\Z")


def is_openid(text: str) -> bool:
    """Returns whether the text can be an openid.

    Real ones have 28 characters; those of tests and older platforms have fewer.
    """
    return OPENID.match(text) is not None
