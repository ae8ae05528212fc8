"""The form widgets for a file of the library, which the console's script turns into a picker."""

from collections.abc import Iterable
from copy import copy
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.forms import Select, SelectMultiple
from django.forms.models import ModelChoiceIterator
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from wechat.kernel.row_ids import row_id
from wechat.materials.models import Asset
from wechat.materials.thumbnails import icon_of, small

# Without the script the newest files have to do; the window has them all.
LISTED = 200


def picker(account_id: int | None, kind: str = "", *, permanent: bool = False) -> dict[str, str]:
    """Returns the attributes that make a field one to pick files of this kind in."""
    asked = {"account": account_id or "", "kind": kind, "permanent": int(permanent)}
    return {
        "data-pick": f"{reverse('admin:materials_asset_pick')}?{urlencode(asked)}",
        "data-pick-label": _("Choose a file…"),
        "data-pick-clear": _("Take the file away"),
    }


class _Files(Select):
    """A drop-down of files.

    Its options are the newest files and what is chosen, however large the library is.
    """

    def for_account(self, account_id: int | None, kind: str = "", *, permanent: bool = False) -> None:
        """Sets the account whose files are offered."""
        self.attrs |= picker(account_id, kind, permanent=permanent)

    def read(self, assets: Iterable[Asset]) -> SafeString:
        """Returns what is chosen, for those who may not choose: small pictures with their names."""
        drawn = [(small(asset), asset) for asset in assets]
        picture = '<span class="file-read"><img src="{}" alt="" loading="lazy"> {}</span>'
        return format_html_join(
            "", "{}", ((format_html(picture, *each) if each[0] else each[1],) for each in drawn)
        )

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        if not isinstance(self.choices, ModelChoiceIterator):
            return super().optgroups(name, value, attrs)
        every, offered = self.choices, copy(self.choices)
        newest = every.queryset.order_by("-pk").values("pk")[:LISTED]
        chosen = [key for each in value if (key := row_id(str(each)))]
        offered.queryset = every.queryset.filter(Q(pk__in=newest) | Q(pk__in=chosen))
        self.choices = offered
        try:
            return super().optgroups(name, value, attrs)
        finally:
            self.choices = every

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        asset = getattr(value, "instance", None)
        if isinstance(asset, Asset):
            option["attrs"] |= {"data-image": small(asset), "data-icon": icon_of(asset)}
        return option


class FilePicker(_Files, UnfoldAdminSelectWidget):  # type: ignore[misc]  # the skin is untyped
    """A field for one file."""


class FilesPicker(_Files, SelectMultiple):
    """A field for several files; a page's own script may let them be put into order."""
