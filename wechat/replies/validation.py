"""The problems of a rule, in sentences that say what to change."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wechat.kernel.public_network import is_public
from wechat.replies.specs import Compare, plain, regex_error
from wechat.sdk.content import Content, TransferToService


def check_keyword(compare: str, text: str) -> None:
    """Checks a keyword of a rule. Raises ``ValidationError``."""
    if compare == Compare.REGEX:
        wrong = regex_error(text) if text.strip() else None
        if wrong is not None:
            raise ValidationError(_regex_sentence(wrong))
    if not plain(text):
        raise ValidationError(_("A keyword must not be empty: type one, or delete the row."))


def check_forward_url(url: str) -> None:
    """Checks an address to forward to. Raises ``ValidationError`` for addresses that are never posted to."""
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    except ValueError:  # brackets that hold no address
        scheme = host = ""
    if scheme not in ("http", "https"):
        raise ValidationError(_("The address must start with https:// or http://."))
    try:
        public = is_public(host)
    except ValueError:
        public = host != "localhost"
    if not public and not settings.DEBUG:
        raise ValidationError(
            _("This address is inside a private network. Use one that can be reached from the Internet.")
        )


def check_handover(hands_to: str, contents: Sequence[Content]) -> None:
    """Checks the handover of a rule.

    Raises ``ValidationError`` for one that hands a follower to two services at once.
    """
    if hands_to and any(isinstance(each, TransferToService) for each in contents):
        raise ValidationError(
            _("The rule hands followers to your own desk: delete the transfer to WeChat's customer service.")
        )


def _regex_sentence(wrong: str) -> str:
    if wrong.startswith("program size"):
        return _("This regular expression is too large: use smaller repetition counts.")
    known = {
        "missing )": _("This regular expression has a ( without its )."),
        "missing ]": _("This regular expression has a [ without its ]."),
        "unexpected )": _("This regular expression has a ) without its (."),
        "no argument for repetition": _("This regular expression has a *, + or ? with nothing before it."),
        "invalid perl operator": _(
            "Look-ahead and look-behind, as in (?=…), are not supported: leave them out."
        ),
        "invalid escape sequence": _("This regular expression has a \\ before a character that needs none."),
        "invalid repetition size": _("A repetition may be at most {1000}, counting one inside another."),
    }
    for start, text in known.items():
        if wrong.startswith(start):
            return text
    return _("This is not a regular expression: %(what)s") % {"what": wrong}
