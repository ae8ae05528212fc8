"""What went wrong, for staff: in words, with what only a programmer reads folded away."""

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wechat.kernel.work import interruptions

# As ``wechat.kernel.work`` and ``wechat.kernel.webhooks`` keep what nobody foresaw: by the name of its class.
UNFORESEEN = re.compile(r"\A[A-Za-z_]\w*(?:Error|Exception|Timeout|NoAnswer)(?::|\Z)")


def sentence(error: object) -> SafeString:
    """Returns a sentence as it is; what nobody foresaw behind words for it."""
    text = str(error or "")
    if not UNFORESEEN.match(text):
        return format_html("{}", interruptions.in_words(text))
    summary = _("Unexpected. The details are for whoever operates the console.")
    return format_html("<details><summary>{}</summary><code>{}</code></details>", summary, text)
