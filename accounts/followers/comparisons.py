"""The comparisons that many kinds of conditions share, with the form fields and filters of each."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from wechat.console.days import day_field
from wechat.sdk.beijing import midnight

TEXTS: Mapping[str, StrOrPromise] = {
    "is": gettext_lazy("is"),
    "contains": gettext_lazy("contains"),
    "starts": gettext_lazy("starts with"),
    "filled": gettext_lazy("is filled in"),
    "empty": gettext_lazy("is empty"),
}
NUMBERS: Mapping[str, StrOrPromise] = {
    "is": gettext_lazy("is"),
    "least": gettext_lazy("at least"),
    "most": gettext_lazy("at most"),
}
MOMENTS: Mapping[str, StrOrPromise] = {
    "within": gettext_lazy("within the last … days"),
    "longer": gettext_lazy("longer ago than … days"),
    "from": gettext_lazy("on or after"),
    "before": gettext_lazy("before"),
    "never": gettext_lazy("has never happened"),
}
LATELY: Mapping[str, StrOrPromise] = {
    "within": MOMENTS["within"],
    "not_within": gettext_lazy("not within the last … days"),
}
YES_NO: Mapping[str, StrOrPromise] = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}
ONE_OF: Mapping[str, StrOrPromise] = {"is": gettext_lazy("is"), "not": gettext_lazy("is not")}


def text(account: OfficialAccount, compare: str) -> forms.Field | None:
    return None if compare in {"filled", "empty"} else forms.CharField(max_length=200)


def number(account: OfficialAccount, compare: str) -> forms.Field:
    return forms.DecimalField(max_digits=18, decimal_places=4)


def moment(account: OfficialAccount, compare: str) -> forms.Field | None:
    if compare == "never":
        return None
    if compare in {"within", "longer"}:
        return forms.IntegerField(min_value=1, max_value=36_500)
    return day_field("", required=True)


def days(account: OfficialAccount, compare: str) -> forms.Field:
    return forms.IntegerField(min_value=1, max_value=366)


def nothing(account: OfficialAccount, compare: str) -> None:
    """Returns no form field: for comparisons that need no value, such as yes and no."""


def by_text(path: str, compare: str, value: Any) -> Q:
    if compare in {"filled", "empty"}:
        return Q(**{path: ""}, _negated=compare == "filled")
    lookup = {"is": "exact", "contains": "icontains", "starts": "startswith"}[compare]
    return Q(**{f"{path}__{lookup}": value})


def by_number(path: str, compare: str, value: Any) -> Q:
    return Q(**{f"{path}__{ {'is': 'exact', 'least': 'gte', 'most': 'lte'}[compare] }": value})


def by_moment(path: str, compare: str, value: Any) -> Q:
    """Returns the filter for a comparison of ``MOMENTS`` with the field at ``path``.

    Days are of the installation's time zone; "within" and "longer" count back from now.
    """
    if compare == "never":
        return Q(**{f"{path}__isnull": True})
    if compare in {"within", "longer"}:
        back = timezone.now() - datetime.timedelta(days=value)
        return Q(**{f"{path}__{'gte' if compare == 'within' else 'lt'}": back})
    return Q(**{f"{path}__{'gte' if compare == 'from' else 'lt'}": midnight(value)})


def lately(compare: str, value: Any, did: Callable[[datetime.datetime], QuerySet[Any]]) -> Q:
    """Returns the filter for a comparison of ``LATELY`` with a number of days (``value``).

    ``did`` returns the OpenIDs of the people who did it since a moment.
    """
    doers = Q(openid__in=did(timezone.now() - datetime.timedelta(days=value)))
    return doers if compare == "within" else ~doers
