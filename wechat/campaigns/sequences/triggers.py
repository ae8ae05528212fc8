"""What a sequence can begin with: who can tell of something registers it here.

An app above registers in its ``handlers`` module, and says when it happens::

    triggers.register("order", _("An order is paid"))

    enrolling.start(account, openid, "order", "order:812", at=paid_at)
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from wechat.kernel.registry import Registry

_known: Registry[StrOrPromise] = Registry("trigger of sequences")


def register(name: str, label: StrOrPromise) -> None:
    """``name`` is stored in sequences and never changes."""
    _known.add(name, label)


def known() -> Mapping[str, StrOrPromise]:
    return _known.by_name()


register("follow", _("Somebody follows"))
register("scan", _("A channel's code is scanned"))
