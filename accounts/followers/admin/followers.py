from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import (
    avatar_page,
    bulk_page,
    erase_page,
    follower_page,
    import_page,
    job_page,
    people,
    person_picker,
    sync_page,
)
from accounts.followers.filtering import FollowerFilter
from accounts.followers.labels import name_of_activity
from accounts.followers.models import Follower
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, current_account
from wechat.console.big_tables import BigTable, FilterForm
from wechat.console.markup import badge, moment
from wechat.kernel.row_ids import row_id


@admin.register(Follower)
class FollowerAdmin(BigTable, AccountScopedAdmin):
    """The list of followers; the page of a follower and the bulk actions are in modules of their own."""

    area = Area.FOLLOWERS
    empty_words = gettext_lazy(
        "Followers appear when they write or follow; “Read from WeChat” reads those who followed before."
    )
    list_display = ("named", "follows", "tagged", "came", "followed_at", "seen_at", "last_did")
    list_display_links = ("named",)
    filter_form = FollowerFilter
    list_before_template = "followers/follower_tools.html"
    actions = ("do_something",)

    class Media:
        css = {"all": ("followers/followers.css",)}

    def filter_of(self, request: HttpRequest) -> FilterForm:
        return FollowerFilter(current_account(request), request.GET)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Follower]:
        return super().get_queryset(request).prefetch_related("tags")

    def prepare(self, rows: Sequence[Follower]) -> None:
        people.attach_people(rows)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("sync/", view(sync_page.show), name="followers_sync"),
            path("bulk/", view(bulk_page.show), name="followers_bulk"),
            path("pick/", view(person_picker.page), name="followers_pick"),
            path("jobs/", view(job_page.listed), name="followers_jobs"),
            path("jobs/<int:pk>/", view(job_page.show), name="followers_job"),
            path("jobs/<int:pk>/file/", view(job_page.download), name="followers_job_file"),
            path("import/", view(import_page.show), name="followers_import"),
            path("<int:pk>/avatar/", view(avatar_page.show), name="followers_avatar"),
            path("<int:pk>/erase/", view(erase_page.show), name="followers_erase"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Shows the list, with links above it to pages about the followers under the current filters."""
        shown = request.GET.copy()
        shown.pop("p", None)
        may_change = self.has_change_permission(request)
        context = {"filters": shown.urlencode(), "may_change": may_change, **(extra_context or {})}
        return super().changelist_view(request, context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return follower_page.show(request, row_id(object_id) or 0)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Returns ``False``: the row of a follower is created when they write or follow."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns ``False``: a person is erased on another page, which says what is kept."""
        return False

    @admin.action(description=gettext_lazy("Tag, blacklist or export"), permissions=["view"])
    def do_something(self, request: HttpRequest, rows: QuerySet[Follower]) -> HttpResponse:
        ids = ",".join(request.POST.getlist(ACTION_CHECKBOX_NAME))
        return HttpResponseRedirect(f"{reverse('admin:followers_bulk')}?{urlencode({'ids': ids})}")

    @admin.display(description=gettext_lazy("follower"))
    def named(self, follower: Follower) -> SafeString:
        """Returns picture and name as HTML, which the admin links to the follower's page."""
        person = people.of_row(follower)
        assert person is not None
        return format_html('<span class="who">{}{}</span>', people.face(person), person.name)

    @admin.display(description=gettext_lazy("Following"))
    def follows(self, follower: Follower) -> SafeString:
        follows = badge(_("follows"), "good") if follower.subscribed else badge(_("unfollowed"))
        return (
            format_html("{} {}", follows, badge(_("blacklisted"), "bad")) if follower.blacklisted else follows
        )

    @admin.display(description=gettext_lazy("tags"))
    def tagged(self, follower: Follower) -> SafeString | str:
        return format_html_join(" ", "{}", ((badge(tag.name),) for tag in follower.tags.all())) or "–"

    @admin.display(description=gettext_lazy("came by"))
    def came(self, follower: Follower) -> str:
        person = people.of_row(follower)
        return (person.came_by if person else "") or "–"

    @admin.display(description=gettext_lazy("followed"))
    def followed_at(self, follower: Follower) -> SafeString:
        return moment(follower.subscribed_at)

    @admin.display(description=gettext_lazy("last seen"))
    def seen_at(self, follower: Follower) -> SafeString:
        return moment(follower.last_seen_at)

    @admin.display(description=gettext_lazy("last did"))
    def last_did(self, follower: Follower) -> str:
        return str(name_of_activity(follower.last_seen_kind)) or "–"
