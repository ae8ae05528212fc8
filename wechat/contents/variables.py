"""The variables in texts: ``{remark}`` is filled in for each follower, ``{remark|朋友}`` has a fallback.

``VARIABLES`` has all of them, with their names for staff. The usual five are available in every text; an app
adds its own with a function that looks the value up, which are available in answers. ``{date}`` is 2026-03-02
and ``{time}`` 09:30, of the follower's message in Asia/Shanghai. The syntax of placeholders is defined in
``wechat.kernel.placeholders``.
"""

import datetime
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django.db import OperationalError
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from wechat.kernel import placeholders
from wechat.kernel.registry import Registry
from wechat.sdk.content import Content
from wechat.sdk.content_limits import is_empty

log = logging.getLogger(__name__)

# Returns the value, possibly empty, for an account, the follower's openid and a moment.
LookUp = Callable[[OfficialAccount, str, datetime.datetime], str]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable: its name for staff, and its value with the most bytes.

    ``fallback`` is the form's suggestion for an empty value; a variable without one is never empty.
    """

    label: StrOrPromise
    longest: str
    fallback: StrOrPromise = ""
    look_up: LookUp | None = None


VARIABLES: Registry[Variable] = Registry("variable")
VARIABLES.add("remark", Variable(_("remark name"), "备" * 30, _("friend")))
VARIABLES.add("account", Variable(_("name of the account"), "号" * 30))
VARIABLES.add("date", Variable(_("date"), "2026-12-31"))
VARIABLES.add("time", Variable(_("time of day"), "23:59"))
VARIABLES.add("openid", Variable(_("OpenID"), "o" * 28))
USUAL = ("remark", "account", "date", "time", "openid")
# Those that tell who somebody is.
PERSONAL = frozenset({"remark"})


@dataclass(frozen=True, slots=True)
class Values:
    """The values of the variables; ``more`` has those that were looked up."""

    openid: str
    remark: str
    account: str
    date: str
    time: str
    more: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def longest(cls, account: str) -> "Values":
        """Returns the values with the most bytes, for checking a text before it is sent."""
        more = {name: each.longest for name, each in VARIABLES.by_name().items() if each.look_up}
        return cls("o" * 28, "备" * 30, account, "2026-12-31", "23:59", more)

    @classmethod
    def shortest(cls, account: str) -> "Values":
        """Returns the values for a follower without a remark, and empty looked-up values where allowed."""
        looked_up = {name: each for name, each in VARIABLES.by_name().items() if each.look_up}
        more = {name: "" if each.fallback else each.longest for name, each in looked_up.items()}
        return cls("o" * 28, "", account, "2026-12-31", "23:59", more)

    def by_name(self) -> dict[str, str]:
        return {
            "openid": self.openid,
            "remark": self.remark,
            "account": self.account,
            "date": self.date,
            "time": self.time,
            **self.more,
        }


def of_follower(
    account: OfficialAccount, openid: str, at: datetime.datetime, names: Iterable[str] = ()
) -> Values:
    """Returns the values for one follower; of ``names``, those that have to be are looked up."""
    remarks = Follower.objects.filter(account=account, openid=openid).values_list("remark", flat=True)
    return at_moment(account, openid, remarks.first() or "", at, looked_up(names, account, openid, at))


def at_moment(
    account: OfficialAccount, openid: str, remark: str, at: datetime.datetime, more: Mapping[str, str]
) -> Values:
    """Returns the values for a follower from known facts, without a query."""
    local = localtime(at)
    return Values(openid, remark, account.name, f"{local:%Y-%m-%d}", f"{local:%H:%M}", more)


def looked_up(
    names: Iterable[str], account: OfficialAccount, openid: str, at: datetime.datetime
) -> dict[str, str]:
    """Returns the values of the variables that are looked up; empty ones if Postgres cannot be reached."""
    found = ((name, VARIABLES.find(name)) for name in names)
    wanted = {name: each.look_up for name, each in found if each is not None and each.look_up is not None}
    try:
        return {name: look_up(account, openid, at) for name, look_up in wanted.items()}
    except OperationalError as error:
        log.warning("variables_unreachable", extra={"error": str(error)})
        return dict.fromkeys(wanted, "")


def needs_rows(names: Iterable[str]) -> bool:
    """Returns whether a value of these variables needs a query."""
    found = (VARIABLES.find(name) for name in names)
    return "remark" in names or any(each is not None and each.look_up is not None for each in found)


def labelled(text: str, known: Mapping[str, Variable] | None = None) -> str:
    """Returns the text with its variables by their names for staff.

    Each is shown with its fallback, if it has one.
    """

    def label(found: re.Match[str]) -> str:
        variable = VARIABLES.find(found[1]) if known is None else known.get(found[1])
        if variable is None:
            return found[0]
        return f"〔{variable.label} / {found[2]}〕" if found[2] else f"〔{variable.label}〕"

    return placeholders.PLACEHOLDER.sub(label, text)


def expand(content: Content, values: Values) -> Content | None:
    """Returns the content with the values filled in; ``None`` if it is empty then."""
    expanded = placeholders.fill_all(content, values.by_name())
    return None if is_empty(expanded) else expanded


def variables_in(*parts: object) -> frozenset[str]:
    """Returns the names of the known variables in the parts."""
    return frozenset(name for name in placeholders.names_in(*parts) if name in VARIABLES)
