"""The registry of things on the platform's own page that can be imported here.

An app registers it in its module ``imports``::

    IMPORTS.add("menus", Import(_("Custom menu"), Area.CONTENT, state, run))
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from wechat.kernel.registry import Registry

# A longer list is not counted to its end.
COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class ImportState:
    """The number of things that are here by now; ``moving`` while a worker brings more.

    ``problem`` says why that failed.
    """

    number: int
    moving: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """An import from the platform.

    ``run`` begins it, or does it at once, and returns a sentence. Raises ``WeChatError``.
    """

    label: StrOrPromise
    area: Area
    state: Callable[[OfficialAccount], ImportState]
    run: Callable[[OfficialAccount, User], str]
    # The name of the page's address where what was brought is found.
    url_name: str


IMPORTS: Registry[Import] = Registry("import from the platform")
