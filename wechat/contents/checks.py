"""The checks of contents, with errors that tell staff what to change."""

from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from wechat.contents.scripts import arrange
from wechat.contents.text_editor import in_line
from wechat.contents.variables import Values, Variable, expand
from wechat.kernel import placeholders
from wechat.sdk.content import Content, TransferToService, to_service_json
from wechat.sdk.content_limits import validate
from wechat.sdk.errors import ContentError

# One passive reply, and five within the 48 hours after a message: WeChat reference 8.1.
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


def check_content(content: Content, account_name: str) -> None:
    """Checks a content with the longest and the shortest values of its variables.

    Raises ``ValidationError`` for what WeChat would refuse, with the name of the content's field as its code.
    """
    longest = placeholders.fill_all(content, Values.longest(account_name).by_name())
    shortest = expand(content, Values.shortest(account_name))
    for filled in (longest, shortest or longest):
        check_filled(filled)


def check_filled(content: Content) -> None:
    """Checks a content without filling it in. Raises ``ValidationError`` for what WeChat would refuse."""
    try:
        validate(content)
    except ContentError as error:
        raise ValidationError(sentence(error, content), code=error.field) from None


def check_variables(written: object, offered: Mapping[str, Variable]) -> None:
    """Checks that all placeholders are offered variables, and have a fallback if they may be empty.

    ``written`` is a text, a content, or a sequence of them. Raises ``ValidationError``.
    """
    if sentence := no_variables(written, offered):
        words = _("Variables here: %(words)s") % {"words": in_line(offered)} if offered else ""
        raise ValidationError(f"{sentence} {words}".strip())
    for name in sorted(placeholders.bare_in(written) & offered.keys()):
        variable = offered[name]
        if not variable.fallback:
            continue
        sentence = _(
            "Not everybody has a “%(label)s”: write {%(name)s|%(fallback)s} instead of {%(name)s}, and "
            "whoever has none reads “%(fallback)s”."
        )
        params = {"label": variable.label, "name": name, "fallback": variable.fallback}
        raise ValidationError(sentence % params)


def no_variables(written: object, known: Iterable[str]) -> str:
    """Returns what to correct about unknown variables or full-width braces, or the empty text."""
    if wide := sorted(placeholders.wide_names_in(written).intersection(known)):
        sentence = _("Write {%(name)s} with half-width braces: in full-width ones nothing is filled in.")
        return sentence % {"name": wide[0]}
    unknown = sorted(placeholders.names_in(written).difference(known))
    if not unknown:
        return ""
    sentence = _(
        "%(names)s is no variable here. Correct it, or write %(wide)s, with full-width braces, to have it "
        "read as it is."
    )
    names = "、".join(f"{{{name}}}" for name in unknown)
    return sentence % {"names": names, "wide": f"｛{unknown[0]}｝"}


def caution(content: Content, account_name: str) -> str:
    """Returns a warning about a content that can be sent, or the empty text."""
    if expand(content, Values.shortest(account_name)) is not None:
        return ""
    return _(
        "To followers without a remark this reply says nothing, and they do not get it. Write what they get "
        "instead, as {remark|dear friend}."
    )


def check_together(contents: Sequence[Content], *, one_at_random: bool) -> None:
    """Checks contents that are sent together. Raises ``ValidationError`` if they cannot be."""
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


def sentence(error: ContentError, content: Content | None) -> str:
    """Returns the error as a sentence in the active language; of data that is no content, without one."""
    field = FIELDS.get(error.field, error.field)
    if error.code == "too_long" and error.limit is not None:
        return _too_long(len(str(getattr(content, error.field, "")).encode(errors="replace")), error.limit)
    sentences = {
        "required": _("Fill in “%(field)s”."),
        "not_a_url": _("“%(field)s” must be an address that starts with http:// or https://."),
        "too_many": _("Only one article can be sent at once."),
        "unknown_type": _("This kind of content is unknown."),
        "unknown_field": _("Content of this kind has no “%(field)s”."),
        "wrong_form": _("“%(field)s” is not written as it has to be."),
        "not_service": _("This kind of content can only answer a message."),
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
