"""What is wrong with a rule, in sentences that say what to change."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from wechat.replies.arranging import arrange
from wechat.replies.specs import Compare, plain, regex_error
from wechat.replies.variables import Values, expand
from wechat.replies.webhooks import is_public
from wechat.sdk.content import Content, TransferToService, to_service_json, validate
from wechat.sdk.errors import ContentError

# One at once and five within the 48 hours after a message: WeChat reference 8.1.
MOST_REPLIES = 6

FIELDS: dict[str, StrOrPromise] = {
    "content": gettext_lazy("text"),
    "title": gettext_lazy("title"),
    "description": gettext_lazy("description"),
    "url": gettext_lazy("link"),
    "pic_url": gettext_lazy("picture address"),
    "media_id": gettext_lazy("file"),
    "thumb_media_id": gettext_lazy("cover picture"),
    "music_url": gettext_lazy("music address"),
    "hq_music_url": gettext_lazy("music address for Wi-Fi"),
    "appid": gettext_lazy("mini program's AppID"),
    "pagepath": gettext_lazy("page path"),
    "items": gettext_lazy("choices"),
    "articles": gettext_lazy("article"),
    "article_id": gettext_lazy("article"),
    "card_id": gettext_lazy("card ID"),
    "id": gettext_lazy("choices"),
}


def check_keyword(compare: str, text: str) -> None:
    """Raises ``ValidationError``."""
    if compare == Compare.REGEX:
        wrong = regex_error(text) if text.strip() else None
        if wrong is not None:
            raise ValidationError(_regex_sentence(wrong))
    if not plain(text):
        raise ValidationError(_("A keyword must not be empty: type one, or delete the row."))


def check_content(content: Content, account_name: str) -> None:
    """Raises ``ValidationError`` for what WeChat would refuse, with the longest values of the variables.

    The error's code is the name of the content's field.
    """
    try:
        validate(expand(content, Values.longest(account_name)))
    except ContentError as error:
        words = sentence(error, expand(content, Values.longest(account_name)))
        raise ValidationError(words, code=error.field) from None


def check_replies(contents: Sequence[Content], *, one_at_random: bool) -> None:
    """Raises ``ValidationError`` if they cannot be sent together."""
    if len(contents) > MOST_REPLIES:
        raise ValidationError(
            _("A follower can be sent at most %(most)d messages in answer: delete %(over)d replies.")
            % {"most": MOST_REPLIES, "over": len(contents) - MOST_REPLIES}
        )
    if not one_at_random and sum(isinstance(each, TransferToService) for each in contents) > 1:
        raise ValidationError(_("One transfer to customer service is enough: delete the other."))
    for several in [[each] for each in contents] if one_at_random else [contents]:
        for content in arrange(several).later:
            _check_later(content)


def check_forward_url(url: str) -> None:
    """Raises ``ValidationError`` for addresses that are never posted to."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValidationError(_("The address must start with https:// or http://."))
    try:
        public = is_public(parts.hostname or "")
    except ValueError:
        public = parts.hostname != "localhost"
    if not public and not settings.DEBUG:
        raise ValidationError(
            _("This address is inside a private network. Use one that can be reached from the Internet.")
        )


def sentence(error: ContentError, content: Content) -> str:
    """The error in the reader's language."""
    field = FIELDS.get(error.field, error.field)
    if error.code == "too_long" and error.limit is not None:
        return _too_long(len(str(getattr(content, error.field, "")).encode(errors="replace")), error.limit)
    sentences = {
        "required": _("Fill in “%(field)s”."),
        "not_a_url": _("“%(field)s” must be an address that starts with http:// or https://."),
        "too_many": _("Only one article can be sent at once."),
    }
    return sentences.get(error.code, error.message) % {"field": field}


def _too_long(size: int, limit: int) -> str:
    return _(
        "The text has %(size)d bytes and WeChat takes at most %(limit)d. "
        "Shorten it by %(over)d bytes, that is about %(characters)d Chinese characters."
    ) % {"size": size, "limit": limit, "over": size - limit, "characters": -((limit - size) // 3)}


def _check_later(content: Content) -> None:
    try:
        to_service_json(content, openid="o")
    except ContentError as error:
        raise ValidationError(
            _("A reply after the first goes out as a customer-service message. %(what)s")
            % {"what": sentence(error, content)}
        ) from None


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
