"""The handle of a person without a name: four characters that never change, such as ``7F3K``.

It is made from the openid's hash and reveals neither the openid nor the person. Of a million followers two
may share a handle; on one page that is unlikely.
"""

import hashlib

from django.utils.translation import gettext as _

# Without letters that are easily mistaken for a digit or another letter.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 4
# The number of hexadecimal digits with as many bits as a handle; the index ``follower_handle`` holds them.
DIGITS = 5
BITS = 5


def handle_name(openid: str) -> str:
    """Returns the name shown for a person who has no other name."""
    return _("Follower %(handle)s") % {"handle": handle(openid)}


def handle(openid: str) -> str:
    """Returns the handle of an openid."""
    number = int(digits(openid), 16)
    return "".join(LETTERS[number >> shift & 31] for shift in range((LENGTH - 1) * BITS, -1, -BITS))


def digits(openid: str) -> str:
    """Returns the beginning of the openid's hash, from which the handle is made."""
    return hashlib.md5(openid.encode(), usedforsecurity=False).hexdigest()[:DIGITS]


def digits_of(written: str) -> str:
    """Returns the beginning of the hash for a typed handle, or the empty text if it is no handle."""
    letters = written.strip().upper()
    if len(letters) != LENGTH or any(letter not in LETTERS for letter in letters):
        return ""
    number = 0
    for letter in letters:
        number = number << BITS | LETTERS.index(letter)
    return f"{number:0{DIGITS}x}"
