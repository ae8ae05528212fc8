"""The scopes of API clients. Each app registers its scopes beside its routes::

scopes.register("menus:read", _("See menus"))
"""

from django_stubs_ext import StrOrPromise

from wechat.kernel.registry import Registry

_labels: Registry[StrOrPromise] = Registry("scope")


def register(name: str, label: StrOrPromise) -> str:
    """Registers the scope ``name``, such as ``noun:verb``, so that clients can get it; returns it."""
    _labels.add(name, label)
    return name


def known() -> list[tuple[str, StrOrPromise]]:
    """Returns every scope with its label, sorted by name."""
    return sorted(_labels.by_name().items())
