"""The short handle of a person whom nobody gave a name: the same everywhere and always, such as ``7F3K``.

It is made of the openid's hash: the openid cannot be read from it, nor does it say who somebody is. Two of a
million followers may share one, two on a page hardly.
"""

import hashlib

from django.utils.translation import gettext as _

# Without the letters that are taken for a digit or another letter.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 4
# As many hexadecimal digits of the hash say as much; what the index ``follower_handle`` holds.
DIGITS = 5
BITS = 5


def handle_name(openid: str) -> str:
    """Returns the name that is shown for a person to whom nobody gave one."""
    return _("Follower %(handle)s") % {"handle": handle(openid)}


def handle(openid: str) -> str:
    """Returns the handle of an openid."""
    number = int(digits(openid), 16)
    return "".join(LETTERS[number >> shift & 31] for shift in range((LENGTH - 1) * BITS, -1, -BITS))


def digits(openid: str) -> str:
    """Returns the beginning of the hash that the handle is written from."""
    return hashlib.md5(openid.encode(), usedforsecurity=False).hexdigest()[:DIGITS]


def digits_of(written: str) -> str:
    """Returns the beginning of the hash behind a handle that somebody wrote; the empty text if it is none."""
    letters = written.strip().upper()
    if len(letters) != LENGTH or any(letter not in LETTERS for letter in letters):
        return ""
    number = 0
    for letter in letters:
        number = number << BITS | LETTERS.index(letter)
    return f"{number:0{DIGITS}x}"
