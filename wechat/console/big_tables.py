"""Lists that stay fast with ten million rows.

A ``BigTable`` page is newest first and never counts or skips rows: "older" and "newer" continue from the
last id shown, and the number of results is the planner's estimate.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from wechat.console.pages import ModelAdmin
from wechat.kernel.row_ids import row_id

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

Row = TypeVar("Row", bound=Model)

BEFORE, AFTER = "b", "a"


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


class FilterForm(forms.Form):
    """The filters above a list, all of them visible; ``notices`` say what they could not do.

    ``request`` is that of the list's reader, if there is one.
    """

    request: HttpRequest | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notices: list[StrOrPromise] = []

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            # Otherwise an empty list would look as if nothing had happened.
            self.add_error("until", _("The end is before the beginning: correct one of them."))
        return cleaned

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
