from django.contrib import admin
from django.urls import URLPattern, path

from accounts.approvals import pages
from accounts.approvals.models import Approval
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area


@admin.register(Approval)
class ApprovalAdmin(AccountScopedAdmin):
    """The pages of approvals, with their own list in place of the usual list of rows."""

    area = Area.FOLLOWERS

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(pages.listed), name="approvals_list"),
            path("limits/", view(pages.limits), name="approvals_policy"),
            path("<int:pk>/", view(pages.show), name="approvals_approval"),
        ]
