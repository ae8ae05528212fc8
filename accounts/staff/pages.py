"""The base classes of admin pages about one official account, for staff with rights in it.

Lists show the account chosen in the switcher; a single object can be opened in every account in which its
reader has rights, and opening it moves the switcher there. Django's model permissions are not used: roles are
given per account, and a model permission would apply to all accounts.
"""

import re
from typing import Any, ClassVar, cast

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import ADDITION, CHANGE, DELETION
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import audit, filters, gate
from accounts.staff.next_page import posted_next
from accounts.staff.rights import Area, Rights, choose_account, current_account, follow_account
from wechat.console.big_tables import BigTable
from wechat.console.pages import ModelAdmin
from wechat.kernel.row_ids import row_id

# The number of entries shown in the history of one row; the page of the audit log has all.
HISTORY = 200


class AccountForm(forms.ModelForm[Any]):
    """A form that refuses to relate objects of two accounts."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        account_id = self._account_id(cleaned)
        # ``add_error`` removes the field from the cleaned data, hence the copy.
        for name, value in list(cleaned.items()):
            others = value if isinstance(value, QuerySet) else [value]
            if any(getattr(other, "account_id", account_id) != account_id for other in others):
                self.add_error(name, ValidationError(_("This belongs to another account.")))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Includes the account, which a change form hides, in the validation: names are unique within it."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs leave it out
        return excluded - {"account"} if getattr(self.instance, "account_id", None) else excluded

    def _account_id(self, cleaned: dict[str, Any]) -> int | None:
        account = cleaned.get("account")
        return account.pk if account else getattr(self.instance, "account_id", None)


class AuditedAdmin(ModelAdmin[Any]):
    """An admin that records every change made in its forms and lists, with the values before."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return audit.record(request, obj, message, flag=ADDITION)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return audit.record(request, obj, message, flag=CHANGE)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return audit.record(request, queryset, "", flag=DELETION)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        """Adds the changed values, before and after, where Django names only the fields."""
        message: list[dict[str, Any]] = super().construct_change_message(request, form, formsets, add)
        for part in message:
            is_own = "changed" in part and "name" not in part["changed"]
            if is_own and isinstance(form, forms.ModelForm):
                before, after = part["values"] = audit.values_in(form)
                labels = [str(form[name].label) for name in form.changed_data]
                part["changed"]["fields"] = [label for label in labels if label not in before | after]
        return message

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "opts": self.opts,
            "original": row,
            "entries": audit.entries_of(row)[:HISTORY],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "staff/history.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Shows the link to the history; to readers who may only view the row, only if it has entries."""
        row = context["original"]
        context["show_history"] = self.has_change_permission(request, row) or (
            row is not None and audit.entries_of(row).exists()
        )
        return super().render_change_form(request, context, *args, **kwargs)


class AccountScopedAdmin(AuditedAdmin):
    """The admin of a model that belongs to an account.

    ``area`` is the area that the reader's roles must allow. ``account_path`` is the lookup from a row to its
    account. A model with its own field ``account`` lists it among its fields: it is set by the switcher when
    a row is added, and cannot be changed later.
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
        if found is not None and (account_id := self.page_account_id(request, found)):
            follow_account(request, account_id)
        return found

    def account_id_of(self, row: Model) -> int:
        """Returns the id of the account that a row belongs to, by ``account_path``."""
        *steps, last = self.account_path.split("__")
        for step in steps:
            row = getattr(row, step)
        return cast(int, getattr(row, f"{last}_id"))

    def page_account_id(self, request: HttpRequest, obj: Model | None) -> int | None:
        """Returns the id of the page's account: the row's, or one posted for a new row, or the switcher's."""
        if obj is not None and obj.pk is not None:
            return self.account_id_of(obj)
        if self._is_new(request) and (posted := row_id(request.POST.get("account", ""))):
            return posted
        account = current_account(request)
        return account.pk if account else None

    def account_view(
        self, view: Any, *, change: bool = False, by: tuple[Area, ...] = (), posts_change: bool = True
    ) -> Any:
        """Wraps a view as a page of this admin about the account of the switcher."""
        page = gate.account_page(self.area, change=change, by=by, posts_change=posts_change)
        return self.admin_site.admin_view(page(view))

    def object_view(
        self,
        view: Any,
        *,
        change: bool = False,
        by: tuple[Area, ...] = (),
        posts_change: bool = True,
        is_file: bool = False,
    ) -> Any:
        """Wraps a view as a page of this admin about one row, found as the change form finds it."""

        def find(request: HttpRequest, pk: int) -> Any:
            return ModelAdmin.get_object(self, request, str(pk))

        rule = gate.Gate(self.area, change, by, posts_change)
        page = gate.gated_page(find, self.page_account_id, rule, is_file=is_file)
        return self.admin_site.admin_view(page(view))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(Rights.of(request.user).viewable(self.area))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return Rights.of(request.user).may_view(self.area, self.page_account_id(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return Rights.of(request.user).may_change(self.area, self.page_account_id(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return Rights.of(request.user).may_change(self.area, self.page_account_id(request, None))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Shows the list; refuses to change rows that do not belong to the account that is shown."""
        if request.method == "POST":
            self._check_rows(request)
        form = self.shown_filter(request) if isinstance(self, BigTable) else None
        if form is None:
            return super().changelist_view(request, extra_context)
        listed = self.opts.label_lower
        found = filters.remembered(request, listed, form)
        context = {**filters.context(request, listed, form), **(extra_context or {})}
        return found or super().changelist_view(request, context)

    def _check_rows(self, request: HttpRequest) -> None:
        if "account" in request.POST:
            gate.check_posted(request, current_account(request))
        key = self.opts.pk.name
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        edited = [request.POST[name] for name in request.POST if re.fullmatch(rf"form-\d+-{key}", name)]
        asked = {row_id(each) for each in (*ticked, *edited)}
        if self.get_queryset(request).filter(pk__in=asked).count() != len(asked):
            raise gate.RowsOfAnother

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
            account_id = self.page_account_id(request, None)
            kwargs["queryset"] = OfficialAccount.objects.filter(pk__in=[account_id] if account_id else [])
            # A hidden field: the switcher may have been moved in another tab meanwhile.
            kwargs["widget"] = forms.HiddenInput()
        else:
            _limit(kwargs, target, self.page_account_id(request, None))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        _limit(kwargs, cast(Any, db_field.related_model), self.page_account_id(request, None))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _is_list(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        name = match.url_name or "" if match else ""
        return name.endswith("_changelist") or name == "autocomplete"

    def _is_new(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        return match is not None and match.url_name == f"{self.opts.app_label}_{self.opts.model_name}_add"


def _limit(kwargs: dict[str, Any], target: type[Model], account_id: int | None) -> None:
    """Limits the choices to rows of the account, if the target model belongs to an account."""
    if any(field.name == "account" for field in target._meta.fields):
        offered = kwargs.get("queryset", target._default_manager.all())
        kwargs["queryset"] = offered.filter(account=account_id)


@require_POST
def switch_account(request: HttpRequest) -> HttpResponse:
    """Moves the switcher to an account, and redirects to the page that the form names."""
    if chosen := row_id(request.POST.get("account", "")):
        choose_account(request, chosen)
    return HttpResponseRedirect(posted_next(request))
