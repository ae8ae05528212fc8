"""The path converters of URLs."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class AnyText(StringConverter):
    """Accepts any text in a path, so that a page can always build a link to a row with an unusual key.

    New values are checked where they enter. This is for values that came in with an older version, from the
    platform or with imported data, such as a slash, a line feed, or an empty text.
    """

    regex = r"[\s\S]*"


ANY_TEXT = "any_text"
register_converter(AnyText, ANY_TEXT)
