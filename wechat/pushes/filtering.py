"""The filters of the list of pushes, each of which an index supports."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.followers.person_picker import PersonField
from accounts.official.models import OfficialAccount
from wechat.console.big_tables import FilterForm
from wechat.console.days import moment_field
from wechat.kernel import rows_by_time
from wechat.pushes.models import Push


class PushFilter(FilterForm):
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *Push.State.choices])
    openid = PersonField(required=False, strangers=True)
    since = moment_field(_("From"))
    until = moment_field(_("To"))

    def __init__(self, account: OfficialAccount | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(PersonField, self.fields["openid"]).for_account(account.pk if account else None)

    def narrow(self, rows: QuerySet[Push]) -> QuerySet[Push]:
        chosen = self.cleaned_data
        rows = rows_by_time.between(rows, "created_at", chosen["since"], chosen["until"])
        for name in ("state", "openid"):
            if chosen[name]:
                rows = rows.filter(**{name: chosen[name]})
        return rows
