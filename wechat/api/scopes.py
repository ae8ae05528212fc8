"""What a client may be allowed to do. Each app declares its scopes where it declares its routes::

scopes.register("menus:read", _("See menus"))
"""

from django_stubs_ext import StrOrPromise

from wechat.kernel.registry import Registry

_labels: Registry[StrOrPromise] = Registry("scope")


def register(name: str, label: StrOrPromise) -> str:
    """Offers ``name``, as ``noun:verb``, in the form of clients; gives it back."""
    _labels.add(name, label)
    return name


def known() -> list[tuple[str, StrOrPromise]]:
    """Every scope with its label, in the order of their names."""
    return sorted(_labels.by_name().items())
