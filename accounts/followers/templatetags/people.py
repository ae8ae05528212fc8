"""The tags that show people: ``{% person row %}``, ``{% person row link=address %}``, ``{% face row %}``."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from accounts.followers import people
from accounts.followers.people import Person

register = template.Library()


@register.simple_tag
def person(somebody: Any, link: str = "") -> SafeString:
    """Returns picture, name and origin of a person, or of the person whose openid a row has, as HTML."""
    return people.rendered(_person(somebody), link)


@register.simple_tag
def face(somebody: Any) -> SafeString:
    """Returns only the picture of a person as HTML, or the empty text for nobody."""
    found = _person(somebody)
    return people.face(found) if found else SafeString()


@register.simple_tag
def copy_openid(somebody: Any) -> SafeString:
    """Returns a button, as HTML, that copies the OpenID."""
    found = _person(somebody)
    return people.copy_button(found) if found else SafeString()


@register.filter
def called(somebody: Any) -> str:
    """Returns the name alone, for sentences."""
    found = _person(somebody)
    return found.name if found else "–"


def _person(somebody: Any) -> Person | None:
    return somebody if isinstance(somebody, Person) or somebody is None else people.of_row(somebody)
