"""The check of a changed AppID: with another one the account is another account of the platform.

Its followers have other OpenIDs, and its tags, media and menus other numbers. Apps register what belongs to
the AppID of an account::

    @app_ids.belongs
    def followers(account: OfficialAccount) -> bool: ...
"""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry

Belongs = Callable[[OfficialAccount], bool]

_belongs: Registry[Belongs] = Registry("what belongs to an AppID")


def belongs(there_is_some: Belongs) -> Belongs:
    """Registers a function that returns whether there is something that belongs to the account's AppID."""
    return _belongs.register(there_is_some)


def check_change(account: OfficialAccount, appid: str) -> None:
    """Raises ``ValidationError`` for another AppID if something belongs to the present one."""
    if account.pk and appid != account.appid and any(there_is_some(account) for there_is_some in _belongs):
        raise ValidationError(
            _("The people here belong to the AppID %(appid)s: add another account for the other AppID.")
            % {"appid": account.appid}
        )
