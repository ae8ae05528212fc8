"""The routes of the installation; only callbacks have theirs elsewhere, in ``wechat.inbox.asgi``."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.staff import filters, todo_page
from accounts.staff.first_password import SetPassword
from accounts.staff.pages import switch_account
from accounts.staff.sign_in_page import sign_in
from config import help_pages, search_page
from config.documentation import Documentation, Schema
from payments.notifications.views import Notify
from payments.shop.urls import urlpatterns as shop_urls
from wechat.campaigns import links
from wechat.campaigns.sequences import links as sequence_links
from wechat.contents import preview
from wechat.inbox import media_page
from wechat.login.urls import urlpatterns as login_urls

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.forbidden"
handler404 = "config.error_pages.not_found"
handler500 = "config.outages.server_error"

urlpatterns = [
    *login_urls,
    *shop_urls,
    *(
        path(f"pay/<slug:merchant>/notify/{about}{end}", Notify.as_view())
        for about in ("transaction", "refund")
        for end in ("", "/")
    ),
    path("l/<int:recipient_id>-<str:signature>", links.show, name="campaign_link"),
    path("l/s<int:run_id>-<str:signature>", sequence_links.show, name="sequence_link"),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/login/", sign_in),
    path("admin/find/", admin.site.admin_view(search_page.show), name="find"),
    path("admin/help/<slug:guide>/", admin.site.admin_view(help_pages.show), name="help"),
    path("admin/filters/save/", admin.site.admin_view(filters.save), name="staff_filter_save"),
    path("admin/filters/delete/", admin.site.admin_view(filters.delete), name="staff_filter_delete"),
    path("admin/welcome/<uidb64>/<token>/", SetPassword.as_view(), name="first_password"),
    path("admin/account/", admin.site.admin_view(switch_account), name="switch_account"),
    path("admin/todo/", admin.site.admin_view(todo_page.show), name="todo"),
    path("admin/todo/counts/", admin.site.admin_view(todo_page.counts), name="todo_counts"),
    path("admin/todo/seen/", admin.site.admin_view(todo_page.acknowledge), name="todo_seen"),
    path("admin/media/<int:pk>/", admin.site.admin_view(media_page.show), name="inbound_media"),
    path("admin/text-preview/", admin.site.admin_view(preview.show), name="contents_preview"),
    path("admin/statistics/", include("wechat.statistics.urls")),
    path("admin/operations/", include("accounts.operations.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("config.api")),
    path("api/schema/", Schema.as_view(), name="schema"),
    path("api/docs/", Documentation.as_view(url_name="schema"), name="docs"),
]
