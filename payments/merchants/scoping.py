"""The admin base for rows of a merchant, visible to the staff of the accounts that sell through it."""

from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from accounts.official.models import OfficialAccount
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account, follow_account
from payments.merchants.models import Merchant
from wechat.console.pages import ModelAdmin


class MerchantScopedAdmin(AccountScopedAdmin):
    """The base of admin pages for rows that belong to a merchant.

    ``merchant_path`` is the lookup from a row to its merchant; ``pk`` for the merchant itself.
    """

    merchant_path = "merchant"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = ModelAdmin.get_queryset(self, request)
        rights = Rights.of(request.user)
        if not self._is_list(request) and rights.everything:
            return rows
        selling = Merchant.objects.filter(accounts__in=self.shown_accounts(request)).values("pk")
        return rows.filter(**{f"{self.merchant_path}__in": selling})

    def shown_accounts(self, request: HttpRequest) -> list[int]:
        """Returns the chosen account, or else all accounts that the reader may see."""
        accounts = Rights.of(request.user).viewable(self.area)
        if not self._is_list(request):
            return accounts
        account = current_account(request)
        return [account.pk] if account and account.pk in accounts else []

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = ModelAdmin.get_object(self, request, object_id, from_field)
        if found is not None and (account_id := self.page_account_id(request, found)):
            follow_account(request, account_id)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ModelAdmin.get_readonly_fields(self, request, obj)

    def page_account_id(self, request: HttpRequest, obj: Model | None) -> int | None:
        """Returns the row's account, or else one that sells through its merchant.

        That is the chosen account if the reader may see the row there, or else another one where they may.
        """
        account, viewable = current_account(request), Rights.of(request.user).viewable(self.area)
        chosen = account.pk if account else None
        if obj is None or obj.pk is None:
            return chosen
        own: int | None = getattr(obj, "account_id", None)
        if own is not None:
            return own
        merchant = obj if isinstance(obj, Merchant) else getattr(obj, self.merchant_path)
        selling = set(OfficialAccount.objects.filter(merchants=merchant).values_list("pk", flat=True))
        if chosen in selling and chosen in viewable:
            return chosen
        return next((pk for pk in viewable if pk in selling), None)


def whole_merchants(rights: Rights, area: Area, *, change: bool = False) -> QuerySet[Merchant]:
    """Returns the merchants for whose accounts somebody has a right to each one.

    A row of the merchant that has no account, such as a bill, is about all of them.
    """
    if rights.everything:
        return Merchant.objects.all()
    mine = rights.changeable(area) if change else rights.viewable(area)
    foreign = OfficialAccount.objects.exclude(pk__in=mine)
    return Merchant.objects.filter(accounts__in=mine).exclude(accounts__in=foreign).distinct()


def own_or_whole(own: Q, rights: Rights, area: Area, *, path: str = "account", change: bool = False) -> Q:
    """Returns the condition for rows of somebody's ``own`` accounts, and for rows without an account.

    The latter are included only for merchants all of whose accounts are theirs. ``path`` is the lookup from a
    row with a ``merchant`` to its account.
    """
    return own | Q(**{path: None}, merchant__in=whole_merchants(rights, area, change=change))
