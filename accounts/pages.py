"""Admin pages about one official account, for the staff with a right to it.

Lists show the account chosen in the switcher; a single object is reachable in every account its reader has
a right to, and opening it moves the switcher there. Django's own model permissions have no say: roles are
given per account, and a permission that is not would reach into all of them.
"""

from typing import Any, ClassVar, TypeVar, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ForeignKey, ManyToManyField, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_stubs_ext import StrOrPromise

from accounts.models import Follower, OfficialAccount
from accounts.rights import Area, Rights, choose_account, current_account
from wechat.kernel.pages import ModelAdmin
from wechat.kernel.row_ids import row_id

Row = TypeVar("Row", bound=Model)


class AccountForm(forms.ModelForm[Any]):
    """Refuses to tie together things of two accounts."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        account_id = self._account_id(cleaned)
        for name, value in cleaned.items():
            others = value if isinstance(value, QuerySet) else [value]
            if any(getattr(other, "account_id", account_id) != account_id for other in others):
                self.add_error(name, ValidationError(_("This belongs to another account.")))
        return cleaned

    def _account_id(self, cleaned: dict[str, Any]) -> int | None:
        account = cleaned.get("account")
        return account.pk if account else getattr(self.instance, "account_id", None)


class AccountScopedAdmin(ModelAdmin[Any]):
    """Pages of a model that belongs to an account.

    ``area`` says what the roles must allow. ``account_path`` is the lookup from a row to its account. A
    model whose own field ``account`` is shown lists it among its fields: it is set by the switcher when a
    row is added, and fixed from then on.
    """

    area: ClassVar[Area]
    account_path: ClassVar[str] = "account"
    form: type[forms.ModelForm[Any]] = AccountForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        rights = Rights.of(request.user)
        if self._is_list(request):
            account = current_account(request)
            shown = account is not None and rights.may_view(self.area, account.pk)
            return rows.filter(**{self.account_path: account}) if shown else rows.none()
        if rights.everything:
            return rows
        return rows.filter(**{f"{self.account_path}__in": rights.viewable(self.area)})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            choose_account(request, self.account_id_of(found))
        return found

    def account_id_of(self, row: Model) -> int:
        """The account a row belongs to, along ``account_path``."""
        *steps, last = self.account_path.split("__")
        for step in steps:
            row = getattr(row, step)
        return cast(int, getattr(row, f"{last}_id"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(Rights.of(request.user).viewable(self.area))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return Rights.of(request.user).may_view(self.area, self._account_id(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return Rights.of(request.user).may_change(self.area, self._account_id(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return Rights.of(request.user).may_change(self.area, self._account_id(request, None))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if request.method == "GET" and (asked := row_id(request.GET.get("account", ""))):
            choose_account(request, asked)
        return super().add_view(request, form_url, extra_context)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "account"] if obj is not None and self.account_path == "account" else fields

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        return {**initial, "account": current_account(request)}

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        target: Any = db_field.related_model
        if target is OfficialAccount:
            account_id = self._account_id(request, None)
            kwargs["queryset"] = OfficialAccount.objects.filter(pk__in=[account_id] if account_id else [])
            # Not chosen but sent along: the switcher may have moved in another tab meanwhile.
            kwargs["widget"] = forms.HiddenInput()
        else:
            _limit(kwargs, target, self._account_id(request, None))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        _limit(kwargs, cast(Any, db_field.related_model), self._account_id(request, None))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _account_id(self, request: HttpRequest, obj: Model | None) -> int | None:
        if obj is not None:
            return self.account_id_of(obj)
        if posted := row_id(request.POST.get("account", "")):
            return posted
        account = current_account(request)
        return account.pk if account else None

    def _is_list(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        name = match.url_name or "" if match else ""
        return name.endswith("_changelist") or name == "autocomplete"


def account_for(request: HttpRequest, area: Area, *, change: bool = False) -> OfficialAccount:
    """The chosen account, for a page about it; a form tells which account it was made for.

    Raises ``PermissionDenied`` without the right, or when the switcher has moved since the form was shown.
    """
    account, rights = current_account(request), Rights.of(request.user)
    if account is None or not rights.may_view(area, account.pk):
        raise PermissionDenied
    if change and not rights.may_change(area, account.pk):
        raise PermissionDenied
    if request.method == "POST" and request.POST.get("account") != str(account.pk):
        raise PermissionDenied
    return account


def frame(request: HttpRequest, title: StrOrPromise, area: Area, **context: Any) -> dict[str, Any]:
    """What the template of a page about the chosen account needs besides its own."""
    account = current_account(request)
    may_change = account is not None and Rights.of(request.user).may_change(area, account.pk)
    shown = {"title": title, "account": account, "may_change": may_change}
    return {**admin.site.each_context(request), **shown, **context}


def remark_of_row() -> Coalesce:
    """The remark of the follower whose account and openid a row has, or the empty text."""
    known = Follower.objects.filter(account=OuterRef("account"), openid=OuterRef("openid"))
    return Coalesce(Subquery(known.values("remark")[:1]), Value(""))


def _limit(kwargs: dict[str, Any], target: type[Model], account_id: int | None) -> None:
    """Offer only what belongs to the account, where the target belongs to one."""
    if any(field.name == "account" for field in target._meta.fields):
        offered = kwargs.get("queryset", target._default_manager.all())
        kwargs["queryset"] = offered.filter(account=account_id)


@require_POST
def switch_account(request: HttpRequest) -> HttpResponse:
    """Choose the account that the pages show, and return to a page that exists in it."""
    if chosen := row_id(request.POST.get("account", "")):
        choose_account(request, chosen)
    following = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        following, {request.get_host()}, require_https=request.is_secure()
    ):
        following = reverse("admin:index")
    return HttpResponseRedirect(following)
