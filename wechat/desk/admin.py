from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy

from accounts.staff.pages import AccountForm, AccountScopedAdmin
from accounts.staff.rights import Area
from wechat.contents.form import CautiousAdmin, ContentForm
from wechat.desk import actions, hours_page, kf_page, pages
from wechat.desk.models import CannedAnswer, Thread


@admin.register(Thread)
class ThreadAdmin(AccountScopedAdmin):
    """The admin of conversations, with the desk in place of a list."""

    area = Area.MESSAGES

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(pages.show), name="desk"),
            path("live/", view(pages.live), name="desk_live"),
            path("<int:pk>/", view(actions.act), name="desk_act"),
            path("hours/", view(hours_page.show), name="desk_hours"),
            path("kf/", view(kf_page.show), name="desk_kf"),
            path("kf/records/", view(kf_page.records), name="desk_kf_records"),
        ]


class CannedAnswerForm(ContentForm, AccountForm):
    class Meta:
        model = CannedAnswer
        fields = ("account", "shortcut")


@admin.register(CannedAnswer)
class CannedAnswerAdmin(CautiousAdmin, AccountScopedAdmin):
    area = Area.MESSAGES
    empty_words = gettext_lazy(
        "Write down what you answer often; at the desk a slash and the shortcut put it into the reply."
    )
    form = CannedAnswerForm
    fields = ("account", "shortcut", "kind", *(name for name in ContentForm.base_fields if name != "kind"))
    list_display = ("shortcut", "words")
    search_fields = ("shortcut",)

    class Media:
        js = ("console/shown_fields.js",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        account_id = self.page_account_id(request, obj)

        class OfAccount(form):  # type: ignore[misc,valid-type]  # made for this request
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, account_id=account_id, **kwargs)

        return OfAccount

    @admin.display(description=gettext_lazy("says"))
    def words(self, answer: CannedAnswer) -> str:
        return str(answer)
