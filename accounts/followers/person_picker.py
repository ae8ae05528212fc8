"""The picker of a person: a window with recently seen followers, and a search.

``PersonField`` is its form field; nobody has to type an OpenID, but one may be pasted.
"""

import datetime
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.followers import people, searching
from accounts.followers.models import Follower, OwnWeChat, Tag
from accounts.official.models import OfficialAccount
from accounts.staff.gate import named_account_page
from accounts.staff.picking import Choice, Filter, picker_response
from accounts.staff.rights import Area, Rights
from wechat.kernel.row_ids import row_id
from wechat.sdk.openids import is_openid

PAGE = 30
# The window does not scroll further than this; the search finds the others.
MOST = 300


@require_GET
@named_account_page(Area.FOLLOWERS)
def page(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Returns the people to choose from: the reader's own WeChat first, then the most recently seen."""
    words, tag = request.GET.get("q", "").strip(), row_id(request.GET.get("tag", ""))
    start = min(row_id(request.GET.get("after", "")) or 0, MOST)
    rights = Rights.of(request.user)
    rows = Follower.objects.filter(account=account)
    if tag:
        rows = rows.filter(tags=tag)
    if words:
        fitting = searching.openids(
            account.pk,
            words,
            lambda area: rights.may_view(area, account.pk),
            newest=searching.LOOKED_AT,
        )
        rows = rows.filter(openid__in=fitting).order_by(F("last_seen_at").desc(nulls_last=True), "-pk")
    else:
        # In the order of an index, without those who were never seen, who would come first in it.
        rows = rows.filter(last_seen_at__isnull=False).order_by("-last_seen_at")
    seen = list(rows.values_list("openid", "subscribed", "last_seen_at")[start : start + PAGE + 1])
    mine = "" if words or tag or start else own_openid(request.user.pk, account.pk)
    more = str(start + PAGE) if len(seen) > PAGE and start + PAGE < MOST else ""
    return picker_response(
        list(_choices(account.pk, mine, seen[:PAGE])),
        filters=[Filter("tag", _("tag"), [("", _("All")), *_tags(account)])],
        more=more,
        empty=_("Nobody fits. Search by remark, name, handle, or paste an OpenID."),
        lines=True,
        link=(reverse("admin:login_own_wechat"), _("My own WeChat …")),
    )


def own_openid(user_id: int | None, account_id: int) -> str:
    """Returns the OpenID of a member of staff in the account, or the empty text until they scanned a code."""
    own = OwnWeChat.objects.filter(user=user_id, account=account_id)
    return own.values_list("openid", flat=True).first() or ""


class PersonInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # the skin is untyped
    """An input with a picker of people; ``for_account`` sets the account whose followers are offered."""

    account_id: int | None = None

    def for_account(self, account_id: int | None) -> None:
        self.account_id = account_id
        self.attrs |= {
            "data-pick": f"{reverse('admin:followers_pick')}?{urlencode({'account': account_id or ''})}",
            "data-pick-label": _("Choose a follower…"),
            "data-pick-clear": _("Nobody"),
            "autocomplete": "off",
        }

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        # A text that is no follower is shown as it was written.
        person = people.one(self.account_id, str(value)) if value and self.account_id else None
        shown = {"data-pick-title": str(value or "")}
        if person is not None and person.follower_id:
            shown = {"data-pick-title": person.name, "data-pick-image": person.picture}
        context["widget"]["attrs"] |= shown
        return context


class PersonField(forms.CharField):
    """The OpenID of a follower of the account, or the empty text; picked, or typed in any form.

    With ``strangers`` an OpenID that is no follower is valid too, for filters of lists.
    """

    widget = PersonInput
    account_id: int | None = None

    def __init__(self, *, strangers: bool = False, **kwargs: Any) -> None:
        super().__init__(max_length=64, **{"label": gettext_lazy("Follower"), **kwargs})
        self.strangers = strangers

    def for_account(self, account_id: int | None) -> None:
        """Sets the account whose followers can be picked or typed."""
        self.account_id = account_id
        widget = self.widget
        assert isinstance(widget, PersonInput)
        widget.for_account(account_id)

    def clean(self, value: Any) -> str:
        """Returns the OpenID that was meant. Raises ``ValidationError`` if it is nobody, or ambiguous."""
        written = str(super().clean(value) or "")
        try:
            return searching.openid_of(self.account_id or 0, written) if written else ""
        except ValidationError:
            if self.strangers and is_openid(written):
                return written
            raise


def _choices(
    account_id: int, mine: str, seen: Sequence[tuple[str, bool, datetime.datetime | None]]
) -> Iterator[Choice]:
    known = people.of(account_id, [mine, *(openid for openid, _follows, _at in seen)])
    if mine:
        person = known[mine]
        yield Choice(mine, _("Me (%(name)s)") % {"name": person.name}, person.came_by, person.picture)
    for openid, follows, at in seen:
        if openid != mine:
            person = known[openid]
            details = [person.came_by, _seen(at), "" if follows else _("unfollowed")]
            yield Choice(openid, person.name, " · ".join(filter(None, details)), person.picture)


def _seen(at: datetime.datetime | None) -> str:
    return f"{timezone.localtime(at):%m-%d %H:%M}" if at else ""


def _tags(account: OfficialAccount) -> list[tuple[str, str]]:
    tags = Tag.objects.filter(account=account).values_list("pk", "name")[:200]
    return [(str(pk), name) for pk, name in tags]
