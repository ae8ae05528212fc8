from typing import Any

from django.contrib import admin
from django.contrib.admin.models import DELETION
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.staff import audit, colleague_pages, me_pages, sign_in_page
from accounts.staff.models import SignInLimit, StaffRight
from accounts.staff.pages import AccountScopedAdmin, AuditedAdmin
from accounts.staff.rights import Area
from wechat.console.pages import TabularInline

admin.site.unregister(User)
# Rights are given per account; groups, whose permissions apply to all accounts, would only mislead.
admin.site.unregister(Group)


class StaffRightInline(TabularInline[StaffRight, User]):
    model = StaffRight
    extra = 0


@admin.register(StaffRight)
class StaffRightAdmin(AccountScopedAdmin):
    """The pages about colleagues, with their list in place of the usual list of rows."""

    area = Area.SETTINGS

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(colleague_pages.listed), name="staff_colleagues"),
            path("invite/", view(colleague_pages.invite), name="staff_invite"),
            path("<int:pk>/", view(colleague_pages.show), name="staff_colleague"),
            path("<int:pk>/link/", view(colleague_pages.make_link), name="staff_colleague_link"),
            path("<int:pk>/end/", view(colleague_pages.end_access), name="staff_colleague_end"),
            path("<int:pk>/sessions/", view(colleague_pages.end_sessions), name="staff_colleague_sessions"),
            path("<int:pk>/second/", view(colleague_pages.forget_second), name="staff_colleague_second"),
            path("second-step/", view(colleague_pages.rules), name="staff_second_factor_rules"),
            path("personal-data/", view(colleague_pages.personal), name="staff_personal_data"),
            path("me/", view(me_pages.show), name="staff_me"),
            path("me/app/", view(me_pages.add_app), name="staff_app_add"),
            path("me/passkey/", view(me_pages.passkey), name="staff_passkey"),
            path("me/codes/", view(me_pages.new_codes), name="staff_recovery_codes"),
            path("me/remove/<int:pk>/", view(me_pages.remove), name="staff_factor_remove"),
            path("me/sessions/", view(me_pages.end_sessions), name="staff_sessions_end"),
            path("sign-in/", view(sign_in_page.second_step), name="staff_second_step"),
            path("sign-in/passkey/", view(me_pages.passkey_step), name="staff_passkey_step"),
        ]


class NewStaffForm(UserCreationForm):  # type: ignore[misc]  # the skin is untyped
    """The form that adds a member of staff; "May use the console" is ticked, as most need it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_staff"].initial = True
        self.fields["is_staff"].label = _("May use the console")
        self.fields["is_staff"].help_text = _("Without it the person cannot sign in here.")


class StaffForm(UserChangeForm):  # type: ignore[misc]  # the skin is untyped
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, help_text) in WORDS.items():
            if name in self.fields:
                self.fields[name].label, self.fields[name].help_text = label, help_text


WORDS = {
    "is_active": (
        gettext_lazy("Can sign in"),
        gettext_lazy("Take it away instead of deleting somebody: what they did keeps their name."),
    ),
    "is_staff": (
        gettext_lazy("May use the console"),
        gettext_lazy("Without it the person cannot sign in here."),
    ),
    "is_superuser": (
        gettext_lazy("Runs the installation"),
        gettext_lazy("Everything in every account, and these pages."),
    ),
    "first_name": (gettext_lazy("Name of the person"), gettext_lazy("As colleagues know them.")),
}


@admin.register(User)
class StaffAdmin(UserAdmin[User], AuditedAdmin):  # type: ignore[misc]  # both make the form, alike
    form = StaffForm
    add_form = NewStaffForm
    change_password_form = AdminPasswordChangeForm
    inlines = (StaffRightInline,)
    list_display = ("username", "called", "email", "can_sign_in", "runs_everything", "last_login")
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined", "new_password")
    fieldsets = (
        (None, {"fields": ("username", "first_name", "email", "new_password")}),
        (gettext_lazy("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2", "is_staff")}),)

    @admin.display(description=gettext_lazy("password"))
    def new_password(self, user: User) -> SafeString:
        """Returns a link to set a new password, instead of Django's summary of the stored hash."""
        address = reverse("admin:auth_user_password_change", args=(user.pk,))
        return format_html('<a class="link" href="{}">{}</a>', address, _("Set a new password"))

    @admin.display(description=gettext_lazy("Name of the person"), ordering="first_name")
    def called(self, user: User) -> str:
        return user.first_name

    @admin.display(description=gettext_lazy("Can sign in"), boolean=True, ordering="is_active")
    def can_sign_in(self, user: User) -> bool:
        return user.is_active and user.is_staff

    @admin.display(description=gettext_lazy("Runs the installation"), boolean=True, ordering="is_superuser")
    def runs_everything(self, user: User) -> bool:
        return user.is_superuser


@admin.register(SignInLimit)
class SignInLimitAdmin(AuditedAdmin):
    """The list of delayed sign-ins; the action deletes rows, which ends the wait."""

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
        return isinstance(request.user, User) and request.user.is_superuser and obj is None

    def has_delete_permission(self, request: HttpRequest, obj: SignInLimit | None = None) -> bool:
        return False
