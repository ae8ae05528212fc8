"""The admin pages of an account's templates: read from the platform, label, try out, add, delete."""

import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import DELETION
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.crypto import get_random_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.followers import people
from accounts.official.clients import client_for
from accounts.official.error_sentences import of_error, of_row
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame, reader
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, current_account
from wechat.console import edit_conflicts, typed_word
from wechat.console.markup import badge, moment
from wechat.console.phrases import listed
from wechat.kernel import work
from wechat.kernel.row_ids import row_id
from wechat.pushes import industry_page, library, subscription_quota
from wechat.pushes.fill_form import PREFIX, TemplateTestForm, UsualValuesForm
from wechat.pushes.library_forms import NoticeForm, TemplateMessageForm
from wechat.pushes.models import LibraryJob, Push, Template
from wechat.pushes.queueing import queue_template
from wechat.sdk.answers import identifier, seconds
from wechat.sdk.calls import templates as api
from wechat.sdk.errors import WeChatError

# The most agreements that are counted exactly: more would slow the list down.
COUNTED = 10_000
LATEST_JOBS = 3
OPEN = (Push.State.PENDING, Push.State.SENDING)


class TemplateAdmin(AccountScopedAdmin):
    """The admin pages of an account's templates.

    Adding and deleting call the platform; the platform's fields of a template cannot be edited here.
    """

    area = Area.SENDING
    empty_words = gettext_lazy(
        "Read the templates of the account from WeChat, or add one from WeChat's library."
    )
    list_display = ("named", "kind", "asks_for", "state_badge", "agreed")
    list_filter = ("kind",)
    search_fields = ("title", "label", "platform_id")
    list_before_template = "pushes/template_tools.html"
    change_form_before_template = "pushes/template_offer.html"
    fields = ("account", "title", "kind", "wording", "state_badge", "label", "note", "platform_id")
    readonly_fields = ("title", "kind", "wording", "state_badge", "platform_id")
    list_disable_select_all = True

    def get_actions(self, request: HttpRequest) -> Any:
        return {}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Template]:
        rows: QuerySet[Template] = super().get_queryset(request)
        return rows.select_related("account").order_by("missing_since", "kind", "title", "pk")

    def get_urls(self) -> list[URLPattern]:
        industry = self.admin_site.admin_view(industry_page.show)
        sync = self.account_view(require_POST(self.sync_view), change=True)
        held = self.object_view(self.held_view, change=True)
        return [
            path("industry/", industry, name="pushes_template_industry"),
            path("sync/", sync, name="pushes_template_sync"),
            path("<int:pk>/held/", held, name="pushes_template_held"),
            path("<int:pk>/try/", self.object_view(self.try_view, change=True), name="pushes_template_try"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        account = current_account(request)
        context = {
            "account": account,
            "may_change": self.has_change_permission(request),
            "jobs": _latest(account) if account else [],
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def sync_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        library.sync(account)
        audit.record(request, account, _("Asked WeChat for the templates"))
        work.wake("pushes.work_on_templates")
        self.message_user(request, _("The templates are being read from WeChat."))
        return redirect("admin:pushes_template_changelist")

    def try_view(self, request: HttpRequest, template: Template) -> HttpResponse:
        """Shows a template to fill in with its preview, and sends it to one follower as a test."""
        usual = UsualValuesForm(template, request.POST or None)
        form = TemplateTestForm(template, request.POST or None)
        if "keep" in request.POST:
            with edit_conflicts.saving(request, template):
                usual = UsualValuesForm(template, request.POST)
                if usual.is_valid():
                    return self._kept(request, template, usual.values)
            form = TemplateTestForm(template, initial=request.POST.dict())
        elif request.method == "POST" and form.is_valid():
            return self._sent(request, form)
        title = _("Try out “%(name)s”") % {"name": template}
        context = frame(
            request, title, opts=self.opts, template=template, form=form, usual=usual, prefix=PREFIX
        )
        return TemplateResponse(request, "pushes/template_try.html", context)

    def held_view(self, request: HttpRequest, template: Template) -> HttpResponse:
        """Shows the messages that the platform accepted and then did not deliver, read from it now."""
        context = frame(request, _("Held back by WeChat"), opts=self.opts, template=template)
        try:
            found = [_held(each) for each in _intercepted(template)]
            known = people.of(template.account_id, (each["openid"] for each in found))
            context["held"] = [{**each, "person": known.get(each["openid"])} for each in found]
        except WeChatError as error:
            context["problem"] = of_error(error)
        return TemplateResponse(request, "pushes/template_held.html", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return account_page(self.area, change=True)(self._add)(request)

    def _add(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        context = frame(request, _("Add a template"), opts=self.opts)
        try:
            step = _NoticeStep(account, request)
        except WeChatError as error:
            context["problem"] = of_error(error)
            step = None
        form = TemplateMessageForm(request.POST if "short_id" in request.POST else None)
        job = self._added(account, form, step)
        if job is not None:
            work.wake("pushes.work_on_templates")
            audit.record(request, account, _("Asked WeChat to add a template"))
            self.message_user(request, _("The template is being added at WeChat."))
            return redirect("admin:pushes_template_changelist")
        has_messages = account.kind != OfficialAccount.Kind.MINIPROGRAM
        context |= {"form": form if has_messages else None, "step": step}
        return TemplateResponse(request, "pushes/template_add.html", context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        page = self.object_view(self._delete, change=True)
        response: HttpResponse = page(request, pk=row_id(object_id) or 0)
        return response

    def _delete(self, request: HttpRequest, template: Template) -> HttpResponse:
        """Shows what a deletion causes, and schedules it at the platform once it is confirmed."""
        waiting = Push.objects.filter(
            account=template.account, template=template.platform_id, state__in=OPEN, kind=template.kind
        )
        word = _("delete")
        if typed_word.is_typed(request, word):
            library.delete(template)
            work.wake("pushes.work_on_templates")
            audit.record(request, template, _("Deleted at WeChat"), flag=DELETION)
            self.message_user(request, _("The template is being deleted at WeChat."))
            return redirect("admin:pushes_template_changelist")
        title, count = _("Delete the template at WeChat"), waiting.count()
        context = frame(request, title, opts=self.opts, template=template, waiting=count)
        context |= typed_word.context(request, word)
        return TemplateResponse(request, "pushes/template_delete.html", context)

    def _added(
        self, account: OfficialAccount, form: TemplateMessageForm, step: "_NoticeStep | None"
    ) -> LibraryJob | None:
        if form.is_bound and form.is_valid():
            return library.add_template(account, form.cleaned_data["short_id"], form.cleaned_data["keywords"])
        if step and step.form and step.form.is_bound and step.form.is_valid():
            chosen = step.form.cleaned_data
            return library.add_notice(account, step.tid, chosen["kids"], chosen["scene"])
        return None

    def _sent(self, request: HttpRequest, form: TemplateTestForm) -> HttpResponse:
        template, user = form.template, reader(request)
        push = queue_template(
            account=template.account,
            openid=form.cleaned_data["follower"],
            message=form.message,
            kind=Push.Kind(template.kind),
            key=f"try:{template.pk}:{get_random_string(16)}",
            cause=f"staff:{user.pk}",
        )
        audit.record(request, template, _("Sent to a follower to try it out"))
        self.message_user(request, _("The message is on its way; here is what becomes of it."))
        return redirect("admin:pushes_push_change", push.pk)

    def _kept(self, request: HttpRequest, template: Template, values: dict[str, str]) -> HttpResponse:
        before, template.defaults = template.defaults, values
        template.save(update_fields=["defaults"])
        audit.record(request, template, _("Changed the usual values"), before, template.defaults)
        self.message_user(request, _("The values are kept for the next time."))
        return redirect("admin:pushes_template_try", template.pk)

    @admin.display(description=gettext_lazy("template"))
    def named(self, template: Template) -> str | SafeString:
        if not template.label:
            return template.title
        return format_html('{} <span class="quiet">{}</span>', template.label, template.title)

    @admin.display(description=gettext_lazy("fields"))
    def asks_for(self, template: Template) -> str:
        return listed(field.label or field.name for field in template.fields)

    @admin.display(description=gettext_lazy("wording"))
    def wording(self, template: Template) -> SafeString:
        return format_html('<span class="multiline">{}</span>', template.example or template.content)

    @admin.display(description=gettext_lazy("at WeChat"))
    def state_badge(self, template: Template) -> SafeString:
        if template.missing_since is None:
            return badge(_("exists"), "good")
        since = format_html(_("missing since {}"), moment(template.missing_since))
        return badge(since, "bad")

    @admin.display(description=gettext_lazy("agreements left"))
    def agreed(self, template: Template) -> str:
        """Returns the number of agreements left for the template, in words.

        A template message needs none. The count stops at a limit, because it reads row by row.
        """
        if template.kind == Template.Kind.TEMPLATE:
            return "–"
        count = subscription_quota.usable(template.account, template.platform_id)[:COUNTED].count()
        return f"{count:,}+" if count == COUNTED else f"{count:,}"


class _NoticeStep:
    """The state of choosing a notice from the library: a category, an entry, its fields."""

    def __init__(self, account: OfficialAccount, request: HttpRequest) -> None:
        client = client_for(account)
        self.category, self.tid = request.GET.get("category", ""), request.GET.get("tid", "")
        self.categories = api.categories(client)
        self.entries: list[dict[str, Any]] = []
        self.form: NoticeForm | None = None
        if category := row_id(self.category):
            self.entries = api.library(client, [category])
        if row_id(self.tid):
            offered = api.library_keywords(client, self.tid)
            self.form = NoticeForm(offered, request.POST if "scene" in request.POST else None)


def _intercepted(template: Template) -> list[dict[str, Any]]:
    return api.intercepted(client_for(template.account), template.platform_id)


def _held(each: dict[str, Any]) -> dict[str, Any]:
    at = datetime.datetime.fromtimestamp(seconds(each, "send_timestamp"), tz=datetime.UTC)
    return {**each, "openid": identifier(each, "openid"), "at": at}


def _latest(account: OfficialAccount) -> list[tuple[LibraryJob, str]]:
    """Returns the latest jobs on the account's templates, with their errors in words.

    Jobs that a later successful one of the same verb superseded are left out.
    """
    jobs = list(LibraryJob.objects.filter(account=account).order_by("-pk")[:LATEST_JOBS])
    done = {job.verb: job.pk for job in reversed(jobs) if job.state == LibraryJob.State.DONE}
    return [(job, of_row(job)) for job in jobs if job.pk >= done.get(job.verb, 0)]
