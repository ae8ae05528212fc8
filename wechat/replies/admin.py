from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.staff import audit
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account
from wechat.console.history import HistoryMixin
from wechat.console.markup import badge, moment
from wechat.console.pages import ParentPermissionsMixin, StackedInline, TabularInline
from wechat.console.phrases import joined, labelled
from wechat.contents.form import CautiousAdmin
from wechat.replies import (
    cautions,
    changes,
    describing,
    report_pages,
    rulebook,
    tester,
    tester_page,
    transfer_pages,
    versions,
)
from wechat.replies.forms import KeywordFormSet, ReplyForm, ReplyFormSet, RuleForm
from wechat.replies.models import OWN_FIELDS, Keyword, Reply, Rule
from wechat.replies.portable import check_rule


def _section(title: StrOrPromise, *fields: Any) -> Any:
    return title, {"fields": fields, "classes": ("collapse",)}


class KeywordInline(ParentPermissionsMixin, TabularInline[Keyword, Rule]):
    model = Keyword
    formset = KeywordFormSet
    fields = ("compare", "text")
    extra = 1
    max_num = 500
    hide_title = True


class ReplyInline(ParentPermissionsMixin, StackedInline[Reply, Rule]):
    model = Reply
    form = ReplyForm
    formset = ReplyFormSet
    fields = (
        "kind",
        *(name for name in ReplyForm.base_fields if name not in ("kind", "position")),
        "position",
    )
    ordering_field = "position"
    hide_ordering_field = True

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj is not None and obj.replies.exists() else 1


@admin.register(Rule)
class RuleAdmin(CautiousAdmin, HistoryMixin, AccountScopedAdmin):
    area = Area.CONTENT
    form = RuleForm
    inlines = (KeywordInline, ReplyInline)
    empty_words = gettext_lazy(
        "Nobody is answered yet: add a rule, or import those made on WeChat's own page."
    )
    list_display = ("title", "answers_to", "reply_summary", "limits", "fired", "is_on")
    list_display_links = ("title",)
    list_filter = ("enabled", "in_shadow", "trigger", "tags")
    search_fields = ("name", "keywords__text", "note")
    ordering = ("position", "id")
    ordering_field = "position"
    # Dragging renumbers the rows of one page, so all rules must be on it.
    list_per_page = 5000
    sortable_by = ()
    show_full_result_count = False
    actions = ("switch_on", "switch_off")
    list_before_template = "replies/rule_tools.html"
    change_form_template = "replies/rule_form.html"
    change_form_outer_before_template = "replies/rule_links.html"
    fieldsets = (
        (None, {"fields": (
            "account", "name", ("enabled", "in_shadow"), "trigger", *OWN_FIELDS, "strategy", "hands_to",
            "away_text",
        )}),
        _section(
            gettext_lazy("When it answers"),
            "valid_from", "valid_until", "weekdays", ("opens_at", "closes_at"),
        ),
        _section(gettext_lazy("Whom it answers"), "tags", "new_follower_days"),
        _section(gettext_lazy("What else happens"), "adds_tags"),
        _section(gettext_lazy("Forward to a system of your own"), "forward_url", "new_secret"),
        _section(gettext_lazy("Note"), "note"),
    )  # fmt: skip

    class Media:
        css = {"all": ("replies/replies.css",)}
        js = ("console/shown_fields.js", "replies/rule.js")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        rows: QuerySet[Rule] = super().get_queryset(request)
        return rulebook.loaded(rows).prefetch_related("counts")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("tester/", view(tester_page.show), name="replies_tester"),
            path("never/", view(report_pages.never_answering), name="replies_never"),
            path("<int:pk>/replay/", view(report_pages.replay), name="replies_replay"),
            path("<int:pk>/shadow/", view(report_pages.in_shadow), name="replies_in_shadow"),
            path("export/", view(transfer_pages.export), name="replies_export"),
            path("import/", view(transfer_pages.import_file), name="replies_import"),
            path("import-platform/", view(transfer_pages.import_platform), name="replies_import_platform"),
            *super().get_urls(),
        ]

    # --- columns

    @admin.display(description=gettext_lazy("rule"))
    def title(self, rule: Rule) -> SafeString:
        return format_html('<span class="rule-name">{}</span>', rule.name)

    @admin.display(description=gettext_lazy("answers to"))
    def answers_to(self, rule: Rule) -> SafeString:
        return format_html(
            '{}<span class="multiline quiet" style="display: block">{}</span>',
            badge(rule.get_trigger_display()),
            describing.answers_to(rule),
        )

    @admin.display(description=gettext_lazy("says"))
    def reply_summary(self, rule: Rule) -> SafeString:
        drawn = badge(_("one at random")) if rule.strategy == Rule.Strategy.RANDOM else ""
        handed = badge(rule.get_hands_to_display()) if rule.hands_to else ""
        sent_on = badge(_("forwarded")) if rule.forward_url else ""
        shown = describing.replies(rule)
        return format_html('<span class="rule-replies">{}</span> {} {} {}', shown, drawn, handed, sent_on)

    @admin.display(description=gettext_lazy("when and whom"))
    def limits(self, rule: Rule) -> SafeString:
        shown = " · ".join(describing.limits(rule)) or _("always, everybody")
        return format_html('<span class="rule-limits">{}</span>', shown)

    @admin.display(description=gettext_lazy("fired"))
    def fired(self, rule: Rule) -> SafeString:
        counted = next((each for each in rule.counts.all() if each.in_shadow == rule.in_shadow), None)
        if counted is None:
            return format_html('<span class="quiet">{}</span>', _("never fired"))
        often = ngettext("%(hits)s time", "%(hits)s times", counted.hits) % {"hits": intcomma(counted.hits)}
        shown = format_html("{} · {}", often, moment(counted.last_at))
        if not rule.in_shadow:
            return shown
        listed = reverse("admin:replies_in_shadow", args=[rule.pk])
        return format_html('<a class="link" href="{}">{}</a>', listed, shown)

    @admin.display(description=gettext_lazy("state"))
    def is_on(self, rule: Rule) -> SafeString:
        if rule.enabled and rule.in_shadow:
            return badge(_("in shadow"))
        return badge(_("enabled"), "good") if rule.enabled else badge(_("disabled"))

    # --- forms

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        keyword = request.GET.get("keyword", "")[:60]
        initial = super().get_changeform_initial_data(request)
        return {**initial, "name": keyword} if keyword else initial

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.account_id = self.page_account_id(request, obj)
        return form

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, ReplyInline):
            kwargs["form_kwargs"] = {"account_id": self.page_account_id(request, obj if obj.pk else None)}
        elif request.method == "GET" and not obj.pk and request.GET.get("keyword"):
            kwargs["initial"] = [{"text": request.GET["keyword"][:200]}]
        return kwargs

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in {"tags", "adds_tags"} and not field.queryset.exists():
            field.widget, field.help_text = CheckboxSelectMultiple(), self._without_tags(request)
        return field

    def _without_tags(self, request: HttpRequest) -> SafeString:
        may_add = Rights.of(request.user).may_change(Area.FOLLOWERS, self.page_account_id(request, None))
        link = format_html(
            '<a class="link" href="{}">{}</a>', reverse("admin:followers_tag_add"), _("Add one")
        )
        return format_html("{} {}", _("There is no tag yet."), link if may_add else "")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            last = Rule.objects.filter(account=obj.account).aggregate(last=Max("position"))["last"]
            obj.position = 0 if last is None else last + 1
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        versions.note_tags(form.instance)
        self._warn_of_keywords(request, form.instance)

    # --- history

    def set_history_delta_changes(self, request: HttpRequest, rows: Any, **kwargs: Any) -> None:
        super().set_history_delta_changes(request, rows, **kwargs)
        parts = changes.by_version(rows[0].id) if rows else {}
        for version in rows:
            version.part_changes = parts.get(version.pk, ())

    def version_words(self, row: Rule, version: Any = None) -> Mapping[str, str]:
        return versions.words(row, version)

    def bring_back(self, request: HttpRequest, row: Rule, version: Any) -> None:
        versions.bring_back(row, version)
        self._warn_of_keywords(request, row)

    # --- actions

    @admin.action(description=gettext_lazy("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, rules: QuerySet[Rule]) -> None:
        done = [rule for rule in rules if self._may_switch_on(request, rule)]
        self._switch(request, done, on=True)
        self._warn_of_keywords(request, *done)

    @admin.action(description=gettext_lazy("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, rules: QuerySet[Rule]) -> None:
        self._switch(request, list(rules), on=False)

    def _warn_of_keywords(self, request: HttpRequest, *edited: Rule) -> None:
        # Read again: keywords that were loaded earlier may have been edited since.
        rows = Rule.objects.filter(pk__in=[rule.pk for rule in edited]).select_related("account")
        rules = list(rulebook.loaded(rows))
        sentences = [*cautions.of_catch_alls(rules), *cautions.of_lists(rules)]
        for account in {rule.account for rule in rules}:
            for rule, first in tester.answered_earlier(account, rules):
                sentences += cautions.of_earlier(rule, first)
        for sentence in sentences:
            self.message_user(request, sentence, messages.WARNING)

    def _may_switch_on(self, request: HttpRequest, rule: Rule) -> bool:
        rule.enabled = True
        contents = rulebook.contents_of(rule)
        try:
            if contents is None:
                raise ValidationError(_("A reply cannot be sent: open the rule and save it."))
            check_rule(rule, len(rule.keywords.all()), contents)
        except ValidationError as error:
            self.message_user(request, labelled(rule.name, joined(error.messages)), messages.ERROR)
            return False
        return True

    def _switch(self, request: HttpRequest, rules: list[Rule], *, on: bool) -> None:
        for rule in rules:
            rule.enabled = on
            rule.save(update_fields=["enabled"])
            versions.note_tags(rule)
            audit.record(request, rule, _("Switched on.") if on else _("Switched off."))
        count = len(rules)
        done = (
            ngettext("%d rule is on.", "%d rules are on.", count)
            if on
            else ngettext("%d rule is off.", "%d rules are off.", count)
        )
        if count:
            self.message_user(request, done % count)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        account = current_account(request)
        rights, account_id = Rights.of(request.user), account.pk if account else None
        context = {
            "may_change": rights.may_change(self.area, account_id),
            "may_see_deliveries": rights.may_view(Area.SETTINGS, account_id),
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})
