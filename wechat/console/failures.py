"""The errors of background work in words for staff, with details for programmers folded away."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wechat.kernel.work.rows import is_surprise


def sentence(error: object) -> SafeString:
    """Returns a sentence as it is; an unexpected error folded away behind a sentence."""
    text = str(error or "")
    if not is_surprise(text):
        # A worker has kept a sentence of our own in English.
        return format_html("{}", _(text) if text else "")
    summary = _("Unexpected. The details are for whoever operates the console.")
    return format_html("<details><summary>{}</summary><code>{}</code></details>", summary, text)
