import datetime
import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_stubs_ext import StrOrPromise

from accounts.official.error_sentences import of_row
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import frame, reader
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account
from wechat.articles import approval, autosaving, editing, reading, sending
from wechat.articles.forms import (
    ArticleForm,
    ArticleFormSet,
    DraftFilter,
    DraftForm,
    PreviewForm,
    PublishForm,
)
from wechat.articles.models import Article, ArticleReading, Draft
from wechat.console import simultaneous_saves, typed_word
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment, refreshing
from wechat.console.pages import ParentPermissionsMixin, StackedInline
from wechat.console.phrases import labelled
from wechat.kernel import work

State, Work = Draft.State, Draft.Work

COLOURS = {State.PUBLISHED: "good", State.REFUSED: "bad", State.PUBLISHING: "warn"}
ENDS: dict[int, StrOrPromise] = {
    2: gettext_lazy("The originality check failed: somebody else published this first."),
    3: gettext_lazy("WeChat failed to publish it. Try again."),
    4: gettext_lazy("WeChat refused it for its content. Change it, then publish again."),
    5: gettext_lazy("It was deleted."),
    6: gettext_lazy("WeChat blocked it after it was published."),
}


class ArticleInline(ParentPermissionsMixin, StackedInline[Article, Draft]):
    model = Article
    form = ArticleForm
    formset = ArticleFormSet
    ordering_field = "position"
    hide_ordering_field = True
    fields = (
        "kind", "title", "author", "digest", "content", "import_file", "chosen", "order", "cover", "focus_x",
        "focus_y", "source_url", "comments", "followers_only", "position",
    )  # fmt: skip

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj is not None and obj.articles.exists() else 1


@admin.register(Draft)
class DraftAdmin(BigTable, AccountScopedAdmin):
    """The pages of drafts.

    Writing needs the right to content; publishing, previewing and taking back need the right to sending.
    """

    area = Area.CONTENT
    form = DraftForm
    inlines = (ArticleInline,)
    fields = ("account", "standing")
    readonly_fields = ("standing",)
    empty_words = gettext_lazy(
        "Write an article here, or read the drafts that were written on WeChat's own page."
    )
    list_display = ("title", "state_badge", "problem", "edited")
    list_display_links = ("title",)
    filter_form = DraftFilter
    list_before_template = "articles/list_tools.html"
    change_form_outer_before_template = "articles/tools.html"

    class Media:
        css = {"all": ("articles/editor.css",)}
        js = ("console/shown_fields.js", "articles/pictures.js", "articles/autosave.js", "articles/saving.js")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Draft]:
        rows: QuerySet[Draft] = super().get_queryset(request)
        return rows.prefetch_related("articles")

    def get_urls(self) -> list[URLPattern]:

        def by_senders(view: Any) -> Any:
            return self.object_view(view, change=True, by=(Area.SENDING,))

        read_page = self.account_view(require_POST(self.read_view), change=True)
        save_page = self.object_view(require_POST(self.save_view), change=True)
        return [
            path("autosave/", self.admin_site.admin_view(autosaving.autosave), name="articles_autosave"),
            path("clean/", self.admin_site.admin_view(editing.clean), name="articles_clean"),
            path("picture/", self.admin_site.admin_view(editing.picture), name="articles_picture"),
            path("read/", read_page, name="articles_read"),
            path("<int:pk>/save/", save_page, name="articles_save"),
            path("<int:pk>/preview/", by_senders(self.preview_view), name="articles_preview"),
            path("<int:pk>/publish/", by_senders(self.publish_view), name="articles_publish"),
            path("<int:pk>/forget/", by_senders(require_POST(self.forget_view)), name="articles_forget"),
            path("<int:pk>/withdraw/", by_senders(self.withdraw_view), name="articles_withdraw"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns whether the draft may be changed: not while it is being published, and not after that."""
        return super().has_change_permission(request, obj) and (obj is None or obj.may_be_edited)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("account", "standing") if obj else ("account",)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        account_id, rights = self.page_account_id(request, obj if obj.pk else None), Rights.of(request.user)
        account = rights.accounts.get(account_id or 0)
        return {**kwargs, "form_kwargs": {"account": account, "viewable": rights.viewable(self.area)}}

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if any(formset.has_changed() for formset in formsets):
            Draft.objects.filter(pk=form.instance.pk).update(revision=F("revision") + 1)
        autosaving.discard(form.instance, reader(request), form.cleaned_data["page"])
        for each in (each for formset in formsets for each in formset.forms if each.dropped):
            messages.warning(request, labelled(each.instance, each.dropped))

    def page_context(self, request: HttpRequest, row: Draft | None) -> dict[str, Any]:
        may_send = row is not None and _may_send(request, row)
        return {"may_send": may_send, "autosaved": self._autosaved(request, row)}

    def _autosaved(self, request: HttpRequest, draft: Draft | None) -> dict[str, str]:
        """Returns the autosave's address and the page's token; empty for a reader who may not write."""
        if not (self.has_change_permission(request, draft) if draft else self.has_add_permission(request)):
            return {}
        page = request.POST.get("page", "") or str(uuid.uuid4())
        asked: dict[str, Any] = {"account": self.page_account_id(request, draft)}
        asked |= {"draft": draft.pk} if draft else {"token": page}
        return {"address": f"{reverse('admin:articles_autosave')}?{urlencode(asked)}", "page": page}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        account = current_account(request)
        last = ArticleReading.objects.filter(account=account).first() if account else None
        context = {
            "reading": last,
            "reading_problem": of_row(last) if last else "",
            "may_change": self.has_add_permission(request),
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    # --- actions

    def read_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        reading.ask(account)
        audit.record(request, account, _("Asked WeChat for its drafts"))
        work.wake("articles.read")
        self.message_user(request, _("Reading from WeChat; new drafts appear here in a moment."))
        return redirect("admin:articles_draft_changelist")

    def save_view(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        if not self.has_change_permission(request, draft):
            raise PermissionDenied
        return self._ask(request, draft, Work.SAVE, _("Saved to WeChat's drafts"))

    def preview_view(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        if not draft.may_be_edited:
            return self._too_late(request, draft)
        form = PreviewForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            wechat_id = form.cleaned_data["wechat_id"]
            return self._ask(request, draft, Work.PREVIEW, _("Sent a preview"), preview_to=wechat_id)
        return self._page(request, draft, "articles/preview.html", _("Preview"), form=form)

    def publish_view(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        if not draft.may_be_edited:
            return self._too_late(request, draft)
        form = PublishForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            at = form.cleaned_data["at"]
            done = simultaneous_saves.answer(request, lambda: self._asked_to_publish(request, draft, at))
            if done is not None:
                return done
            messages.error(request, _("The article has changed since you saw it. Look again, then publish."))
            draft.refresh_from_db()
        second_person = approval.needs_another(draft, reader(request))
        return self._page(
            request, draft, "articles/publish.html", _("Publish"), form=form, second_person=second_person
        )

    def _asked_to_publish(
        self, request: HttpRequest, draft: Draft, at: datetime.datetime | None
    ) -> HttpResponse | None:
        """Returns the response, or ``None`` if the article has changed since the page showed it."""
        draft = Draft.objects.select_for_update().get(pk=draft.pk)
        if not draft.may_be_edited:
            return self._too_late(request, draft)
        if request.POST.get("revision") != str(draft.revision):
            return None
        if (waits := approval.ask(draft, at, reader(request))) is not None:
            audit.record(request, draft, _("Asked for approval to publish"))
            return redirect("admin:approvals_approval", waits.pk)
        return self._ask(request, draft, Work.PUBLISH, _("Asked to publish"), at=at)

    def forget_view(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        if not sending.cancel_publication(draft):
            return self._too_late(request, draft)
        audit.record_with_message(request, draft, _("Took the plan to publish back"))
        return self._back(draft.pk)

    def withdraw_view(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        if draft.state != State.PUBLISHED:
            return self._too_late(request, draft)
        word = _("take back")
        if typed_word.is_typed(request, word):
            return self._ask(request, draft, Work.WITHDRAW, _("Asked to take it back"))
        context = typed_word.context(request, word)
        return self._page(request, draft, "articles/withdraw.html", _("Take back"), **context)

    def _ask(
        self, request: HttpRequest, draft: Draft, step: Draft.Work, note: str, **more: Any
    ) -> HttpResponse:
        if not sending.ask(draft, step, **more):
            return self._too_late(request, draft)
        audit.record_with_message(request, draft, note)
        return self._back(draft.pk)

    def _too_late(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        """Answers a request from an outdated page, for an action that the draft's state no longer allows."""
        sentence = _("The article has changed meanwhile; its page shows what can be done now.")
        self.message_user(request, sentence, messages.WARNING)
        return self._back(draft.pk)

    def _back(self, pk: int) -> HttpResponse:
        return redirect(reverse("admin:articles_draft_change", args=[pk]))

    def _page(
        self, request: HttpRequest, draft: Draft, template: str, title: str, **more: Any
    ) -> HttpResponse:
        return TemplateResponse(request, template, frame(request, title, opts=self.opts, draft=draft, **more))

    # --- columns

    @admin.display(description=gettext_lazy("article"))
    def title(self, draft: Draft) -> SafeString:
        titles = [(article.title,) for article in draft.articles.all()]
        return format_html_join("", '<span class="article-title">{}</span>', titles or [(str(draft),)])

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, draft: Draft) -> SafeString:
        is_planned = draft.publish_at is not None and draft.publish_at > timezone.now()
        standing = self._standing(draft, is_planned=is_planned)
        return refreshing(f"draft-{draft.pk}", standing, moves=bool(draft.work) and not is_planned)

    def _standing(self, draft: Draft, *, is_planned: bool) -> SafeString:
        shown = badge(draft.get_state_display(), COLOURS.get(State(draft.state), "plain"))
        if draft.work == Work.PUBLISH and is_planned:
            when = date_format(localtime(draft.publish_at), "m-d H:i")
            return format_html(
                "{} {}", shown, badge(_("will be published %(when)s") % {"when": when}, "warn")
            )
        if draft.work:
            return format_html("{} {}", shown, badge(_("in progress"), "warn"))
        changed = draft.is_changed and draft.media_id
        return format_html("{} {}", shown, badge(_("changed since"), "warn")) if changed else shown

    @admin.display(description=gettext_lazy("problem"))
    def problem(self, draft: Draft) -> str:
        if draft.error:
            return of_row(draft)
        if draft.changed_there:
            return _("It was edited at WeChat as well; saving it there overwrites that.")
        return str(ENDS.get(draft.publish_status or 0, ""))

    @admin.display(description=gettext_lazy("edited"))
    def edited(self, draft: Draft) -> SafeString:
        return moment(draft.edited_at)

    @admin.display(description=gettext_lazy("state"))
    def standing(self, draft: Draft) -> SafeString:
        links = format_html_join(
            " ",
            '<a class="link" href="{}" rel="noopener" target="_blank">{}</a>',
            ((url, url) for url in draft.urls),
        )
        return format_html("{} {} {}", self.state_badge(draft), self.problem(draft), links)


def _may_send(request: HttpRequest, draft: Draft) -> bool:
    return Rights.of(request.user).may_change(Area.SENDING, draft.account_id)
