from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import segment_page, segments
from accounts.followers.models import AutoTag, CustomField, FieldValue, Segment
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, current_account
from wechat.console.history import HistoryMixin
from wechat.console.markup import badge, moment
from wechat.kernel.row_ids import row_id


@admin.register(Segment)
class SegmentAdmin(HistoryMixin, AccountScopedAdmin):
    """The list of segments; a segment is edited on a page of its own."""

    area = Area.FOLLOWERS
    empty_words = gettext_lazy(
        "A segment is a saved question, such as: followed within 30 days and has the tag 会员."
    )
    list_display = ("name", "means", "see_them")
    search_fields = ("name",)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return segment_page.add(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return segment_page.show(request, row_id(object_id) or 0)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Adds the conditions in words to the segments of the page, with one look-up of each name."""
        listed = super().get_changelist_instance(request)
        account = current_account(request)
        if account is not None:
            words = segments.all_in_words(account, [each.conditions for each in listed.result_list])
            for segment, lines in zip(listed.result_list, words, strict=True):
                vars(segment)["words"] = lines
        return listed

    def version_words(self, row: Segment, version: Any = None) -> dict[str, str]:
        """Returns the fields of a version in words, with its conditions as sentences."""
        by_label = {**super().version_words(row, version)}
        lines = segments.in_words(row.account, (version or row).conditions)
        by_label[str(capfirst(Segment._meta.get_field("conditions").verbose_name))] = "\n".join(lines)
        return by_label

    @admin.display(description=gettext_lazy("conditions"))
    def means(self, segment: Segment) -> SafeString | str:
        words = vars(segment)["words"]
        lines = format_html_join("", "<li>{}</li>", ((each,) for each in words))
        if len(words) < 2:
            return format_html("<ul>{}</ul>", lines) if words else _("everybody")
        return format_html('<span class="quiet">{}</span><ul>{}</ul>', segment.get_match_display(), lines)

    @admin.display(description=gettext_lazy("followers"))
    def see_them(self, segment: Segment) -> SafeString:
        return format_html('<a class="link" href="../follower/?segment={}">{}</a>', segment.pk, _("See them"))


@admin.register(CustomField)
class CustomFieldAdmin(AccountScopedAdmin):
    area = Area.FOLLOWERS
    empty_words = gettext_lazy(
        "A field is something of your own that is kept of each follower, such as a birthday or a "
        "member number."
    )
    fields = ("account", "name", "kind", "choices", "position")
    list_display = ("name", "kind", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Makes the kind of an existing field read-only: the kind decides where its values are stored."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "kind"] if obj is not None else fields

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Returns the number of values that would be deleted instead of a list of them."""
        values = FieldValue.objects.filter(field__in=objs).count()
        return list(map(str, objs)), {_("values of followers"): values}, set(), []


@admin.register(AutoTag)
class AutoTagAdmin(AccountScopedAdmin):
    area = Area.FOLLOWERS
    empty_words = gettext_lazy("An automatic tag is put on everybody whom a segment describes, every hour.")
    fields = ("account", "segment", "tag", "take_off", "enabled")
    list_display = ("segment", "tag", "enabled", "ran", "result")
    list_select_related = ("segment", "tag", "account")

    @admin.display(description=gettext_lazy("last run"))
    def ran(self, rule: AutoTag) -> SafeString:
        return moment(rule.ran_at)

    @admin.display(description=gettext_lazy("result"))
    def result(self, rule: AutoTag) -> SafeString | str:
        if rule.error:
            return format_html("{} {}", badge(_("failed"), "bad"), rule.error)
        if rule.ran_at is None:
            return badge(_("waiting"))
        sentence = _("%(added)s tagged, %(removed)s untagged")
        return sentence % {"added": f"{rule.added:,}", "removed": f"{rule.removed:,}"}
