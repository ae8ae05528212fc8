"""The pages of the audit log, which owners and auditors of an account can search and export."""

import datetime
import operator
from collections.abc import Iterator
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.models import AuditEntry
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, current_account
from wechat.console import downloads
from wechat.console.big_tables import BigTable, FilterForm
from wechat.console.days import day_field
from wechat.console.markup import moment
from wechat.console.pages import ReadOnly
from wechat.console.tables.writing import Row
from wechat.kernel import rows_by_time
from wechat.sdk.beijing import midnight

SLICE = 2_000


class AuditFilter(FilterForm):
    """The filters of the audit log: person, text, kind of object, and dates."""

    who = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Done by"), required=False)
    q = forms.CharField(
        label=gettext_lazy("What or object"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind of object"), required=False)
    since = day_field(gettext_lazy("From"))
    until = day_field(gettext_lazy("To"))

    def __init__(self, account: OfficialAccount | None, data: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["kind"].choices = [("", gettext_lazy("All")), *kinds()]
        fields["who"].empty_label = gettext_lazy("Anybody")
        # Everybody who has entries, even if they no longer work here.
        acted = AuditEntry.objects.filter(account=account).values("user")
        fields["who"].queryset = User.objects.filter(pk__in=acted).order_by("username")
        fields["who"].label_from_instance = lambda user: user.first_name or user.username

    def narrow(self, rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        chosen = self.cleaned_data
        if chosen["who"]:
            rows = rows.filter(user=chosen["who"])
        if chosen["kind"]:
            rows = rows.filter(kind=chosen["kind"])
        if wanted := chosen["q"].strip():
            rows = rows.filter(
                Q(note__icontains=wanted) | Q(label__icontains=wanted) | Q(object_id=wanted)
                | Q(before__icontains=wanted) | Q(after__icontains=wanted)
            )  # fmt: skip
        since = midnight(chosen["since"]) if chosen["since"] else None
        until = midnight(chosen["until"] + datetime.timedelta(days=1)) if chosen["until"] else None
        return rows_by_time.between(rows, "at", since, until)


def kinds() -> list[tuple[str, str]]:
    """Returns the kinds of objects that have pages in the admin, as pairs of model label and name."""
    models = (model for model in apps.get_models() if admin.site.is_registered(model))
    named = [(model._meta.label_lower, str(model._meta.verbose_name)) for model in models]
    return sorted(named, key=operator.itemgetter(1))


def name_of_kind(kind: str) -> str:
    try:
        return str(apps.get_model(kind)._meta.verbose_name)
    except LookupError:
        return kind


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly, BigTable, AccountScopedAdmin):
    area = Area.SETTINGS
    empty_words = gettext_lazy(
        "Who changes, sends, publishes or exports something is noted here, with before and after."
    )
    list_display = ("when", "actor", "object_link", "done", "address")
    list_display_links = ("when",)
    list_before_template = "staff/audit_tools.html"
    fields = ("when", "actor", "address", "object_link", "done", "seal")
    readonly_fields = fields

    def filter_of(self, request: HttpRequest) -> AuditFilter:
        return AuditFilter(current_account(request), request.GET)

    def get_urls(self) -> list[URLPattern]:
        export = self.account_view(self.export_view)
        return [path("export/", export, name="staff_audit_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
        """Sends the entries under the list's filters as a file, and records the export in the log."""
        form = AuditFilter(account, request.GET)
        rows = form.narrowed(AuditEntry.objects.filter(account=account))
        audit.record(request, account, _("Exported the audit log."))
        name = f"audit-{account.slug}"
        if request.GET.get("as") == "xlsx":
            return downloads.as_workbook([(_("Audit log"), _lines(rows))], name)
        return downloads.as_csv_stream(_lines(rows), name)

    @admin.display(description=gettext_lazy("time"), ordering="id")
    def when(self, entry: AuditEntry) -> SafeString:
        return moment(entry.at)

    @admin.display(description=gettext_lazy("object"))
    def object_link(self, entry: AuditEntry) -> SafeString:
        words = object_in_words(entry)
        try:
            address = reverse(f"admin:{entry.kind.replace('.', '_')}_change", args=(entry.object_id,))
        except NoReverseMatch:
            return format_html("{}", words)
        return format_html('<a class="link" href="{}">{}</a>', address, words)

    @admin.display(description=gettext_lazy("what was done"))
    def done(self, entry: AuditEntry) -> SafeString:
        note = entry.note or ("" if entry.changes else entry.get_action_display())
        changes = format_html_join(
            "",
            '<div class="change"><span class="quiet">{}</span> <del>{}</del> → <ins>{}</ins></div>',
            entry.changes,
        )
        return format_html("{} {}", note, changes)

    @admin.display(description=gettext_lazy("seal"))
    def seal(self, entry: AuditEntry) -> str:
        return f"{entry.number} · {entry.hash}" if entry.number else _("sealed within a minute")


def object_in_words(entry: AuditEntry) -> str:
    return f"{name_of_kind(entry.kind)} {entry.label or f'#{entry.object_id}'}"


def _lines(rows: QuerySet[AuditEntry]) -> Iterator[Row]:
    """Yields the rows of the file, newest first, read in slices to need little memory."""
    yield [
        _("time"), _("who"), _("from where"), _("kind of object"), _("number of the object"), _("object"),
        _("what was done"), _("value before"), _("value after"), _("number in the chain"), _("seal"),
    ]  # fmt: skip
    last: int | None = None
    while part := list((rows if last is None else rows.filter(pk__lt=last)).order_by("-pk")[:SLICE]):
        yield from map(_cells, part)
        last = part[-1].pk


def _cells(entry: AuditEntry) -> Row:
    return [
        timezone.localtime(entry.at).strftime("%Y-%m-%d %H:%M:%S"), entry.actor, entry.address,
        name_of_kind(entry.kind), entry.object_id, entry.label,
        entry.note or str(entry.get_action_display()),
        "; ".join(f"{name}: {was}" for name, was, _now in entry.changes),
        "; ".join(f"{name}: {now}" for name, _was, now in entry.changes), entry.number, entry.hash,
    ]  # fmt: skip
