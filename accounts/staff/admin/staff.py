from typing import Any

from django.contrib import admin
from django.contrib.admin.models import DELETION
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.staff import audit
from accounts.staff.models import SignInLimit, StaffRight
from accounts.staff.pages import AccountScopedAdmin, AuditedAdmin
from accounts.staff.rights import Area
from wechat.console.pages import ModelAdmin, TabularInline

admin.site.unregister(User)
# Rights are given per account; a group of permissions that reach into all of them would only mislead.
admin.site.unregister(Group)


class StaffRightInline(TabularInline[StaffRight, User]):
    model = StaffRight
    extra = 0


@admin.register(StaffRight)
class StaffRightAdmin(AccountScopedAdmin):
    area = Area.SETTINGS
    fields = ("account", "user", "role")
    list_display = ("user", "role")
    list_select_related = ("user", "account")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(is_staff=True, is_superuser=False, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class StaffAdmin(UserAdmin[User], AuditedAdmin):  # type: ignore[misc]  # both make the form, alike
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (StaffRightInline,)
    list_display = ("username", "first_name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "email")}),
        (gettext_lazy("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2", "is_staff")}),)


@admin.register(SignInLimit)
class SignInLimitAdmin(ModelAdmin[SignInLimit]):
    """Who has to wait before the next attempt; taking a line away ends the wait."""

    list_display = ("kind", "value", "failures", "failed_at", "open_at")
    list_display_links = None
    list_filter = ("kind",)
    search_fields = ("value",)
    ordering = ("-open_at",)
    actions = ("let_in",)

    @admin.action(description=gettext_lazy("Allow the next attempt now"))
    def let_in(self, request: HttpRequest, limits: QuerySet[SignInLimit]) -> None:
        audit.record(request, list(limits), _("Allowed the next attempt."), flag=DELETION)
        limits.delete()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SignInLimit | None = None) -> bool:
        return bool(request.user.is_superuser) and obj is None

    def has_delete_permission(self, request: HttpRequest, obj: SignInLimit | None = None) -> bool:
        return False
