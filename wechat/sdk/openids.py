"""The form of an openid: letters, digits, hyphen and underscore (WeChat reference 0, the table of ids)."""

import re

LONGEST = 64
OPENID = re.compile(rf"^[A-Za-z0-9_-]{{1,{LONGEST}}}\Z")
# As WeChat makes them today.
_OF_WECHAT = re.compile(r"o[A-Za-z0-9_-]{27}\Z")


def is_openid(text: str) -> bool:
    """Returns whether the text can be an openid.

    Real ones have 28 characters; those of tests and older platforms have fewer.
    """
    return OPENID.match(text) is not None


def is_openid_of_wechat(text: str) -> bool:
    """Returns whether the text has the form of today's openids, so that it is hardly anything else."""
    return _OF_WECHAT.match(text) is not None
