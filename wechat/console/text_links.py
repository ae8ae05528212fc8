"""The HTML of a text that we send, as a follower sees it: with links, and all else escaped."""

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wechat.sdk.text_links import Link, parts_of


def linked(text: str) -> SafeString:
    """Returns the text with its links as HTML; only web addresses can be opened."""
    pieces = (_drawn(part) if isinstance(part, Link) else escape(part) for part in parts_of(str(text)))
    return SafeString("".join(pieces))


def _drawn(link: Link) -> SafeString:
    if link.appid:
        title = _("Opens the mini program %(appid)s %(page)s") % {"appid": link.appid, "page": link.pagepath}
        return format_html('<span class="text-link" title="{}">{}</span>', title.strip(), link.words)
    return format_html(
        '<a class="text-link" href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>',
        link.url,
        link.words,
    )
