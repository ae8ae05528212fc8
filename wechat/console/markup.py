"""Short HTML of lists and pages: badges, times, and parts that reload themselves."""

import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_stubs_ext import StrOrPromise


def badge(text: StrOrPromise | Promise, kind: str = "plain") -> SafeString:
    """Returns a short text in a coloured pill, as HTML; ``kind`` is plain, good, warn or bad."""
    return format_html('<span class="badge badge-{}">{}</span>', kind, text)


def moment(at: datetime.datetime | None) -> SafeString:
    """Returns a time to the minute for a list, as HTML without line breaks."""
    return format_html('<span class="moment">{}</span>', moment_text(at))


def moment_text(at: datetime.datetime | None) -> str:
    """Returns a time to the minute."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else "–"


def refreshing(name: str, shown: SafeString, *, moves: bool) -> SafeString:
    """Returns a part of a page as HTML that the page reloads while it ``moves``; ``name`` is its id."""
    return format_html('<span id="{}" data-refresh{}>{}</span>', name, " data-moving" if moves else "", shown)
