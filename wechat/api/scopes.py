"""What a client may be allowed to do. Each app declares its scopes where it declares its routes::

scopes.register("menus:read", _("See menus"))
"""

from django_stubs_ext import StrOrPromise

_labels: dict[str, StrOrPromise] = {}


def register(name: str, label: StrOrPromise) -> str:
    """Offer ``name``, as ``noun:verb``, in the form of clients; gives it back."""
    _labels[name] = label
    return name


def known() -> list[tuple[str, StrOrPromise]]:
    """Every scope with its label, in the order of their names."""
    return sorted(_labels.items())


def label_of(name: str) -> StrOrPromise:
    return _labels.get(name, name)
