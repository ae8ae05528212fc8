"""The page of a row's version, on which the version is compared with the row and restored."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from wechat.console.markup import moment_text
from wechat.console.versions import Words, differences, filled_in, words_of
from wechat.kernel.row_ids import row_id

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    class SimpleHistoryAdmin(ModelAdmin[Any]):
        def set_history_delta_changes(self, request: HttpRequest, rows: Any, **kwargs: Any) -> None: ...
else:
    from simple_history.admin import SimpleHistoryAdmin


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
