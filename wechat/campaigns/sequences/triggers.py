"""The triggers that a sequence can begin with; apps register theirs here.

An app above registers a trigger in its ``handlers`` module, and reports each event::

    triggers.register("order", _("An order is paid"))

    enrolling.start(account, openid, "order", "order:812", at=paid_at)
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from wechat.campaigns.models import Sequence
from wechat.console import codes
from wechat.console.phrases import labelled
from wechat.kernel.registry import Registry

# The field that must be set, for the triggers that mean nothing without it.
NEEDS = {"menu": "menu_key", "tag": "tag", "segment": "segment", "date": "date_field"}

_known: Registry[StrOrPromise] = Registry("trigger of sequences")


def register(name: str, label: StrOrPromise) -> None:
    """Registers a trigger; its ``name`` is stored in sequences and never changes."""
    _known.add(name, label)


def known() -> Mapping[str, StrOrPromise]:
    return _known.by_name()


def in_words(sequence: Sequence) -> str:
    """Returns in words what a sequence begins with, and which channel, tag or the like it is about."""
    label = str(known().get(sequence.trigger, sequence.trigger))
    about = sequence.channel or sequence.tag or sequence.segment or sequence.date_field or ""
    if sequence.menu_key:
        about = codes.menu_keys.name_of(sequence.account_id, sequence.menu_key)
    if sequence.trigger == "date" and sequence.date_at is not None:
        day = _days(sequence.date_days)
        about = f"{about} · {day} · {sequence.date_at:%H:%M}"
    if not about and sequence.trigger in NEEDS:
        about = _("(deleted)")
    return labelled(label, about) if about else label


def _days(number: int) -> str:
    if not number:
        return _("on the day itself")
    words = (
        ngettext("%d day after", "%d days after", number)
        if number > 0
        else ngettext("%d day before", "%d days before", -number)
    )
    return words % abs(number)


register("follow", gettext_lazy("Somebody follows"))
register("scan", gettext_lazy("A channel's code is scanned"))
register("menu", gettext_lazy("A menu item is tapped"))
register("tag", gettext_lazy("A tag is set"))
register("segment", gettext_lazy("Somebody is in a segment"))
register("date", gettext_lazy("A date of theirs comes, as a birthday"))
