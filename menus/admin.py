from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area
from menus import (
    editor_page,
    figures_page,
    overview_page,
    publish_page,
    statistics_page,
    transfer_pages,
)
from menus.buttons import children_of
from menus.drafts import name_of
from menus.forms import AudienceForm
from menus.models import Menu, MiniProgram, Publication, Version
from wechat.console.markup import badge
from wechat.console.pages import ReadOnly
from wechat.kernel.row_ids import row_id
from wechat.sdk.answers import text

SHOWN_STATES = {True: ("good", gettext_lazy("linked")), False: ("bad", gettext_lazy("not linked"))}


@admin.register(Menu)
class MenuAdmin(AccountScopedAdmin):
    """The pages of menus: the list is the overview of an account's menus, a menu's page its editor."""

    area = Area.CONTENT
    form = AudienceForm
    fields = ("account", "name", "tag", "platform")

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            guarded: URLPattern = path(route, self.admin_site.admin_view(view), name=f"menus_{name}")
            return guarded

        return [
            page("begin/", overview_page.begin, "begin"),
            page("read-live/", overview_page.read_live, "read_live"),
            page("take-over/", overview_page.take, "take_over"),
            page("export/", transfer_pages.export, "export"),
            page("import/", transfer_pages.import_file, "import"),
            page("publication/<int:pk>/cancel/", overview_page.cancel, "cancel"),
            page("figures/", figures_page.show, "figures"),
            page("<int:pk>/draft/", editor_page.save, "draft"),
            page("<int:pk>/state/", editor_page.state, "state"),
            page("<int:pk>/reply/", editor_page.reply, "reply"),
            page("<int:pk>/publish/", publish_page.show, "publish"),
            page("<int:pk>/take-off/", publish_page.take_off, "take_off"),
            page("<int:pk>/versions/", publish_page.versions, "versions"),
            page("<int:pk>/restore/", publish_page.restore, "restore"),
            page("<int:pk>/statistics/", statistics_page.show, "statistics"),
            page("<int:pk>/shift/", overview_page.shift, "shift"),
            page("<int:pk>/copy/", transfer_pages.copy, "copy"),
            path(
                "<int:pk>/audience/",
                self.object_view(self.audience_view, change=True),
                name="menus_audience",
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return overview_page.show(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return editor_page.show(request, row_id(object_id) or 0)

    def audience_view(self, request: HttpRequest, menu: Menu) -> HttpResponse:
        if not menu.conditional:
            raise PermissionDenied
        return super().change_view(request, str(menu.pk))

    def save_model(self, request: HttpRequest, obj: Menu, form: Any, change: bool) -> None:
        if not change:
            last = Menu.objects.filter(account=obj.account, conditional=True).aggregate(last=Max("position"))
            obj.conditional, obj.position = True, (last["last"] or 0) + 1
        obj.other_rule = {}
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns whether a menu may be deleted: one that is or was live can only be taken off."""
        kept = obj is not None and (
            not obj.conditional or obj.versions.exclude(state=Version.State.DRAFT).exists()
        )
        return not kept and super().has_delete_permission(request, obj)


@admin.register(MiniProgram)
class MiniProgramAdmin(AccountScopedAdmin):
    area = Area.CONTENT
    empty_words = gettext_lazy(
        "Add the mini programs that a menu button may open; they have to be linked to the account "
        "at WeChat first."
    )
    fields = ("account", "name", "appid", "linked")
    list_display = ("name", "appid", "is_linked")

    @admin.display(description=gettext_lazy("linked"))
    def is_linked(self, program: MiniProgram) -> SafeString:
        if program.linked is None:
            return badge(_("shown when it is published"))
        kind, words = SHOWN_STATES[program.linked]
        return badge(words, kind)


@admin.register(Publication)
class PublicationAdmin(ReadOnly, AccountScopedAdmin):
    """The read-only list of publications: time, author, and WeChat's menus before and after."""

    area = Area.CONTENT
    empty_words = gettext_lazy(
        "Every menu that is published is noted here, with what WeChat showed before and after."
    )
    list_display = ("menu", "version", "state", "starts_at", "asker")
    list_select_related = ("menu", "version__menu", "asked_by")
    fields = (
        "menu", "version", "state", "because", "starts_at", "finished_at", "asker",
        "menu_before", "menu_after",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description=gettext_lazy("reason"))
    def because(self, publication: Publication) -> str:
        return publication.explanation

    @admin.display(description=gettext_lazy("asked for by"))
    def asker(self, publication: Publication) -> str:
        return publication.asked_through or name_of(publication.asked_by) or "–"

    @admin.display(description=gettext_lazy("before the change"))
    def menu_before(self, publication: Publication) -> SafeString:
        return _lines(publication.before)

    @admin.display(description=gettext_lazy("after"))
    def menu_after(self, publication: Publication) -> SafeString:
        return _lines(publication.after)


def _lines(live: dict[str, Any] | None) -> SafeString:
    """Returns the buttons of a live menu, one a line."""
    if live is None:
        return format_html("{}", "–")
    lines = [line for each in live["button"] for line in _names(each)]
    for conditional in live["conditional"]:
        lines += [
            "",
            str(conditional["matchrule"]),
            *(name for each in conditional["button"] for name in _names(each)),
        ]
    return format_html('<pre class="raw">{}</pre>', "\n".join(lines) or _("no menu"))


def _names(button: dict[str, Any]) -> list[str]:
    leads = text(button, "url") or text(button, "key")
    return [
        f"{text(button, 'name')} {leads}".rstrip(),
        *(f"    {line}" for child in children_of(button) for line in _names(child)),
    ]
