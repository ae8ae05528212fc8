"""The forms of a page, read as a browser reads them."""

from typing import Any

from django.http import QueryDict
from lxml import html


def posted(page: Any, *, has: Any = "shown", **typed: Any) -> QueryDict:
    """Returns what the form that has a field would post, with the texts ``typed`` into its fields."""
    tree: Any = html.fromstring(page.content.decode())
    form = next(each for each in tree.forms if each.method == "POST" and has in each.fields)
    data = QueryDict(mutable=True)
    for name, value in form.form_values():
        data.appendlist(name, value)
    for name, value in typed.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data
