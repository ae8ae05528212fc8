"""The base classes of admin pages, and lists that stay fast with ten million rows.

A ``BigTable`` page is newest first and never counts or skips rows: "older" and "newer" continue from the
last id shown, and the number of results is the planner's estimate.
"""

import datetime
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from wechat.console import edit_conflicts
from wechat.console.deleting import deletion_of
from wechat.console.versions import Words, differences, filled_in, words_of
from wechat.kernel.row_ids import row_id

if TYPE_CHECKING:
    # The admin skin is untyped; its classes are Django's with another look.
    from django.contrib.admin import AdminSite, StackedInline, TabularInline
    from django.contrib.admin import ModelAdmin as SkinAdmin
    from django.contrib.admin.views.main import ChangeList

    class SimpleHistoryAdmin(SkinAdmin[Any]):
        def set_history_delta_changes(self, request: HttpRequest, rows: Any, **kwargs: Any) -> None: ...
else:
    from simple_history.admin import SimpleHistoryAdmin
    from unfold.admin import ModelAdmin as SkinAdmin
    from unfold.admin import StackedInline, TabularInline
    from unfold.views import ChangeList

__all__ = [
    "BigTable",
    "ChangeList",
    "FilterForm",
    "HistoryMixin",
    "ModelAdmin",
    "ParentPermissionsMixin",
    "ReadOnly",
    "StackedInline",
    "TabularInline",
    "badge",
    "estimated_count",
    "moment",
    "moment_text",
    "refreshing",
]

Row = TypeVar("Row", bound=Model)

BEFORE, AFTER = "b", "a"
# The number of rows that may be deleted between showing a list and posting it.
MEANWHILE = 20


class ModelAdmin(SkinAdmin[Row]):
    """The base class of all admins, in the skin.

    ``empty_words`` is the text of an empty list, which says how its rows are created. ``takes_along`` are the
    models whose rows nobody deletes on their own, and that are deleted with the rows they belong to.
    """

    empty_words: ClassVar[StrOrPromise] = ""
    empty_value_display = "–"
    takes_along: ClassVar[frozenset[type[Model]]] = frozenset()

    def __init__(self, model: type[Row], admin_site: "AdminSite") -> None:
        super().__init__(model, admin_site)
        self.form = edit_conflicts.checked(self.form)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Shows or saves a row; nobody else saves it between the check for edit conflicts and the save."""
        if request.method != "POST" or object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            self.model._default_manager.select_for_update(no_key=True).filter(pk=row_id(object_id)).exists()
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_formsets_with_inlines(self, request: HttpRequest, obj: Any = None) -> Iterator[tuple[Any, Any]]:
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            yield edit_conflicts.checked_formset(formset), inline

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Returns the same form for readers who may not change the row: see ``read_only``.

        Django leaves out all fields for them; a POST of theirs is refused before a form is made.
        """
        form: Any = super().get_form(request, obj, change=False, **kwargs)
        # The form class is made for this request: read-only values link to rows that the reader may see.
        form.reader = request
        return form

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Returns what the page of a row shows besides its form; ``row`` is ``None`` for a new one."""
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        more = self.page_context(request, context["original"])
        return super().render_change_form(request, {**context, **more}, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Returns what would be deleted with the rows, by kind and number instead of row by row."""
        deletion = deletion_of(objs)
        lacking = {
            str(model._meta.verbose_name)
            for model in deletion.numbers
            if self.admin_site.is_registered(model)
            and model not in self.takes_along
            and not all(
                self.admin_site.get_model_admin(model).has_delete_permission(request, row)
                for row in deletion.read.get(model, [None])
            )
        }
        return list(map(str, objs)), deletion.by_name(), lacking, deletion.protected

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Returns a formset with at most one form for each row there is, whatever number is posted."""
        if request.method == "POST":
            most = self.get_queryset(request).count() + MEANWHILE
            kwargs |= {"max_num": most, "absolute_max": most}
        return edit_conflicts.checked_formset(super().get_changelist_formset(request, **kwargs))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Shows the list with its own name as the title, instead of "Select … to change"."""
        name = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, {**name, **(extra_context or {})})


def badge(text: StrOrPromise | Promise, kind: str = "plain") -> SafeString:
    """Returns a short text in a coloured pill, as HTML; ``kind`` is plain, good, warn or bad."""
    return format_html('<span class="badge badge-{}">{}</span>', kind, text)


def moment(at: datetime.datetime | None) -> SafeString:
    """Returns a time to the minute for a list, as HTML without line breaks."""
    return format_html('<span class="moment">{}</span>', moment_text(at))


def moment_text(at: datetime.datetime | None) -> str:
    """Returns a time to the minute."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else "–"


def refreshing(name: str, shown: SafeString, *, moves: bool) -> SafeString:
    """Returns a part of a page as HTML that the page reloads while it ``moves``; ``name`` is its id."""
    return format_html('<span id="{}" data-refresh{}>{}</span>', name, " data-moving" if moves else "", shown)


def estimated_count(rows: QuerySet[Any]) -> int:
    """Returns the number of rows that the planner expects, without reading them."""
    plan = json.loads(rows.order_by().explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


class Keyset(Paginator[Row]):
    """One page of a newest-first list; ``cursor`` is empty, ``b<id>`` (older than) or ``a<id>`` (newer)."""

    template_name = "console/keyset_pagination.html"

    def __init__(self, rows: QuerySet[Row], per_page: int, cursor: str) -> None:
        super().__init__(rows, per_page)
        self.rows = rows
        self.direction, boundary = cursor[:1], cursor[1:]
        # An invalid id leads to the first page, like an empty cursor.
        self.boundary = row_id(boundary) if self.direction in (BEFORE, AFTER) else None

    @cached_property
    def shown(self) -> list[Row]:
        return self._fetched[0]

    @cached_property
    def older(self) -> str:
        """Returns the cursor of the next older page, or the empty text."""
        more = self._fetched[1] or (self.boundary is not None and self.direction == AFTER)
        return f"{BEFORE}{self.shown[-1].pk}" if self.shown and more else ""

    @cached_property
    def newer(self) -> str:
        if self.boundary is None or not self.shown:
            return ""
        more = self.direction == BEFORE or self._fetched[1]
        return f"{AFTER}{self.shown[0].pk}" if more else ""

    @cached_property
    def is_exact(self) -> bool:
        """Returns whether this page has all rows, so that its length is the count."""
        return self.boundary is None and not self.older

    @cached_property
    def count(self) -> int:
        return len(self.shown) if self.is_exact else max(estimated_count(self.rows), len(self.shown))

    @cached_property
    def _fetched(self) -> tuple[list[Row], bool]:
        """Returns the rows of this page, newest first, and whether there are more in its direction."""
        rows = self.rows.order_by("-pk")
        if self.boundary is not None and self.direction == BEFORE:
            rows = rows.filter(pk__lt=self.boundary)
        elif self.boundary is not None:
            rows = self.rows.order_by("pk").filter(pk__gt=self.boundary)
        found = list(rows[: self.per_page + 1])
        more, found = len(found) > self.per_page, found[: self.per_page]
        if self.boundary is not None and self.direction == AFTER:
            found.reverse()
        return found, more


class HistoryMixin(SimpleHistoryAdmin):
    """A mixin before an admin class for rows with versions, which can be restored."""

    def version_words(self, row: Any, version: Any = None) -> Words:
        """Returns the texts of the row's fields, now or in a version, by their names."""
        tracked = self.model.history.model.tracked_fields
        return words_of(version.instance if version else row, tracked)

    def bring_back(self, request: HttpRequest, row: Any, version: Any) -> None:
        """Restores a version of the row. Raises ``ValidationError`` if that is no longer possible."""
        fields = filled_in(self.model.history.model.tracked_fields)
        for field in fields:
            setattr(row, field.attname, getattr(version, field.attname))
        row.full_clean(exclude={field.name for field in row._meta.fields if field not in fields})
        self.save_model(request, row, None, change=True)

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Shows what would change; a POST restores the version. The package would show a form instead."""
        row = self.get_object(request, object_id)
        version = row.history.filter(pk=row_id(version_id)).first() if row else None
        if version is None:
            raise Http404
        may_change = self.has_change_permission(request, row)
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if request.method == "POST":
            return self._brought_back(request, row, version)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Version of %(at)s") % {"at": moment_text(version.history_date)},
            "opts": self.opts,
            "original": row,
            "version": version,
            "changes": differences(self.version_words(row), self.version_words(row, version)),
            "may_change": may_change,
        }
        return TemplateResponse(request, "console/version.html", context)

    def _brought_back(self, request: HttpRequest, row: Any, version: Any) -> HttpResponse:
        at = moment_text(version.history_date)
        try:
            with transaction.atomic():
                self.bring_back(request, row, version)
                self.log_change(request, row, _("Brought back the version of %(at)s") % {"at": at})
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return HttpResponseRedirect(request.path)
        self.message_user(request, _("It is as it was on %(at)s again.") % {"at": at})
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        )


class ReadOnly:
    """A mixin before an admin class whose rows are not added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ParentPermissionsMixin:
    """A mixin before an inline: the rights to view and change it are those of its parent."""

    # Limited, because a form is created for each part that a POST claims to have.
    max_num: int | None = 50

    if TYPE_CHECKING:
        admin_site: AdminSite
        parent_model: type[Any]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        inline: Any = super()
        return inline.get_formset(request, obj, absolute_max=self.max_num, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent_admin.has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent_admin.has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent_admin.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._parent_admin.has_change_permission(request, obj)

    @property
    def _parent_admin(self) -> "SkinAdmin[Any]":
        return self.admin_site.get_model_admin(self.parent_model)


class FilterForm(forms.Form):
    """The filters above a list, all of them visible; ``notices`` say what they could not do.

    ``request`` is that of the list's reader, if there is one.
    """

    request: HttpRequest | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notices: list[StrOrPromise] = []

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Returns the rows under the filters, using the table's indexes; implemented by each form."""
        raise NotImplementedError

    def narrowed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return self.narrow(rows) if self.is_valid() else rows.none()

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


class KeysetChangeList(ChangeList):
    """A list whose cursor is in ``p``, which Django drops from filter links: a new filter starts anew."""

    model_admin: "BigTable"
    filter_form: FilterForm | None = None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.filter_form = self.model_admin.shown_filter(request)
        if self.filter_form is None:
            return super().get_queryset(request, exclude_parameters)
        self.filter_form.request = request
        return self.filter_form.narrowed(super().get_queryset(request, exclude_parameters))

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Returns the parameters that Django handles itself, without those of the form above the list."""
        lookups: dict[str, Any] = super().get_filters_params(params)
        ours = self.filter_form.fields if self.filter_form else ()
        return {name: value for name, value in lookups.items() if name not in ours}

    def get_results(self, request: HttpRequest) -> None:
        paginator = Keyset(self.queryset, self.list_per_page, request.GET.get("p", ""))
        self.paginator = paginator
        self.result_list = paginator.shown
        self.model_admin.prepare(paginator.shown)
        self.result_count = paginator.count
        # Equal to the other count, otherwise the skin would offer to "show all".
        self.full_result_count = paginator.count
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = False
        self.multi_page = not paginator.is_exact

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return ["-pk"]

    @property
    def rounded_count(self) -> int:
        """Returns the estimate to two digits, because more would look like an exact count."""
        return round(self.result_count, 2 - len(str(self.result_count)))

    @property
    def older_link(self) -> str:
        return self._page_link(self.paginator.older)

    @property
    def newer_link(self) -> str:
        return self._page_link(self.paginator.newer)

    def _page_link(self, cursor: str) -> str:
        return self.get_query_string({"p": cursor}) if cursor else ""


class BigTable(ModelAdmin[Any]):
    """A list of any length, newest first."""

    list_per_page = 50
    show_full_result_count = False
    list_disable_select_all = True
    sortable_by = ()
    filter_form: type[FilterForm] | None = None
    list_before_template = "console/filter_bar.html"

    def filter_of(self, request: HttpRequest) -> FilterForm | None:
        """Returns the filters of this request, by default a bound ``filter_form``."""
        return self.filter_form(request.GET) if self.filter_form else None

    def shown_filter(self, request: HttpRequest) -> FilterForm | None:
        """Returns the filters of this request, created once, because their choices need queries."""
        kept = vars(request)
        if "_filter_form" not in kept:
            kept["_filter_form"] = self.filter_of(request)
        found: FilterForm | None = kept["_filter_form"]
        return found

    def prepare(self, rows: Sequence[Any]) -> None:
        """Looks up what the columns need for all rows of a page at once."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList
