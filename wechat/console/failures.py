"""The display of errors for staff: in words, with technical details folded away."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wechat.kernel.work import interruptions
from wechat.kernel.work.rows import is_surprise


def sentence(error: object) -> SafeString:
    """Returns a sentence as it is; what nobody foresaw behind words for it."""
    text = str(error or "")
    if not is_surprise(text):
        return format_html("{}", interruptions.in_words(text))
    summary = _("Unexpected. The details are for whoever operates the console.")
    return format_html("<details><summary>{}</summary><code>{}</code></details>", summary, text)
