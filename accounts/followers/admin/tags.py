from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.followers import tagging
from accounts.followers.models import Tag
from accounts.followers.tag_form import TagForm
from accounts.official.error_sentences import of_row
from accounts.staff import audit
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, current_account
from wechat.console.markup import badge
from wechat.sdk.calls.tags import MOST_TAGS

COLOURS = {Tag.State.THERE: "good", Tag.State.FAILED: "bad"}


@admin.register(Tag)
class TagAdmin(AccountScopedAdmin):
    """The account's tags, with their states; a change is sent to the platform in the background."""

    area = Area.FOLLOWERS
    form = TagForm
    fields = ("account", "name")
    empty_words = gettext_lazy(
        "A tag groups followers on WeChat's side: menus, rules and mass sends can be for those who have it."
    )
    list_display = ("name", "followers_there", "state_badge")
    search_fields = ("name",)
    list_before_template = "followers/tag_tools.html"
    change_form_outer_before_template = "followers/tag_state.html"
    delete_confirmation_template = "followers/delete_tag.html"
    list_per_page = 200

    def get_urls(self) -> list[URLPattern]:
        view = self.object_view(require_POST(self.try_again_view), change=True)
        return [path("<int:pk>/again/", view, name="followers_tag_again"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        account = current_account(request)
        count = Tag.objects.filter(account=account).exclude(platform_id__lte=2).count()
        context = {"count": count, "most": MOST_TAGS, "room": MOST_TAGS - count, **(extra_context or {})}
        return super().changelist_view(request, context)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns whether a tag may be changed; the platform's system tags can only be viewed."""
        return super().has_change_permission(request, obj) and not _is_system(obj)

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        tagging.ask_platform(obj)

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        tagging.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        for tag in queryset:
            tagging.delete(tag)

    def page_context(self, request: HttpRequest, row: Tag | None) -> dict[str, Any]:
        return {"problem": of_row(row) if row else ""}

    def try_again_view(self, request: HttpRequest, tag: Tag) -> HttpResponse:
        if not self.has_change_permission(request, tag):
            raise PermissionDenied
        tagging.ask_platform(tag)
        audit.record(request, tag, _("Tried again."))
        self.message_user(request, _("WeChat is told again."))
        return redirect("admin:followers_tag_changelist")

    @admin.display(description=gettext_lazy("followers"))
    def followers_there(self, tag: Tag) -> SafeString:
        address = f"../follower/?tag={tag.pk}"
        return format_html('<a class="link" href="{}">{}</a>', address, f"{tag.count:,}")

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, tag: Tag) -> SafeString:
        state = badge(tag.get_state_display(), COLOURS.get(Tag.State(tag.state), "plain"))
        if not tag.error:
            return state
        return format_html('{} <span class="quiet">{}</span>', state, of_row(tag))


def _is_system(tag: Tag | None) -> bool:
    return tag is not None and tag.platform_id is not None and tag.platform_id <= 2
