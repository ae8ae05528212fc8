"""Parts of an address."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class AnyText(StringConverter):
    """Accepts any text a row may hold that came from outside: its page never fails for want of a link.

    What is entered is checked where it enters; this is for what an older version, a platform or a copy of
    other data has let in, such as a slash, a line feed, or nothing at all.
    """

    regex = r"[\s\S]*"


ANY_TEXT = "any_text"
register_converter(AnyText, ANY_TEXT)
