"""The base classes of admin pages."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django_stubs_ext import StrOrPromise

from wechat.console import edit_conflicts, simultaneous_saves
from wechat.console.deletion import deletion_of
from wechat.kernel.row_ids import row_id

if TYPE_CHECKING:
    # The admin skin is untyped; its classes are Django's with another look.
    from django.contrib.admin import AdminSite, StackedInline, TabularInline
    from django.contrib.admin import ModelAdmin as SkinAdmin
else:
    from unfold.admin import ModelAdmin as SkinAdmin
    from unfold.admin import StackedInline, TabularInline

__all__ = ["ModelAdmin", "ParentPermissionsMixin", "ReadOnly", "StackedInline", "TabularInline"]

Row = TypeVar("Row", bound=Model)

# The number of rows that may be deleted between showing a list and posting it.
MEANWHILE = 20


class ModelAdmin(SkinAdmin[Row]):
    """The base class of all admins, in the skin.

    ``empty_words`` is the text of an empty list, which says how its rows are created. ``list_title`` is the
    name of the list, if it is another than that of its rows. ``takes_along`` are the
    models whose rows nobody deletes on their own, and that are deleted with the rows they belong to.
    """

    empty_words: ClassVar[StrOrPromise] = ""
    list_title: ClassVar[StrOrPromise] = ""
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
        show = super().changeform_view

        def save() -> Any:
            if request.method == "POST" and object_id is not None:
                rows = self.model._default_manager.select_for_update(no_key=True)
                rows.filter(pk=row_id(object_id)).exists()
            return show(request, object_id, form_url, extra_context)

        return simultaneous_saves.answer(request, save)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Asks, then deletes a row; what began to use it just then is found when it is checked again."""
        show: Callable[[], HttpResponse] = partial(super().delete_view, request, object_id, extra_context)
        return simultaneous_saves.answer(request, show)

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
        name = {"title": self.list_title or capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, {**name, **(extra_context or {})})


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
