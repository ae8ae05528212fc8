"""The import of permanent material that was uploaded on WeChat's own page."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.error_sentences import of_row
from accounts.official.models import OfficialAccount
from accounts.operations.imports import COUNTED, IMPORTS, Import, ImportState
from accounts.staff.rights import Area
from wechat.materials import reading
from wechat.materials.models import Asset, MaterialReading


def _here(account: OfficialAccount) -> ImportState:
    row = MaterialReading.objects.filter(account=account).first()
    number = Asset.objects.filter(account=account)[:COUNTED].count()
    return ImportState(number, moving=bool(row and row.due_at), problem=of_row(row) if row else "")


def _read(account: OfficialAccount, by: User) -> str:
    reading.ask(account)
    return _("Pictures, voices and videos are read from WeChat, twenty at a time.")


IMPORTS.add(
    "materials",
    Import(gettext_lazy("Media library"), Area.CONTENT, _here, _read, "admin:materials_asset_changelist"),
)
