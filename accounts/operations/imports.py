"""The registry of imports: what was made on the platform's own page and can be brought here.

An app registers its own in a module ``imports``::

    IMPORTS.add("menus", Import(_("Custom menu"), Area.CONTENT, state, run))
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from wechat.kernel.registry import Registry

# The largest number that is counted.
COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class ImportState:
    """The number of things that are here now; ``moving`` while a worker imports more.

    ``problem`` is the reason for a failure.
    """

    number: int
    moving: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """An import from the platform.

    ``run`` starts the import, or completes it at once, and returns a sentence. Raises ``WeChatError``.
    """

    label: StrOrPromise
    area: Area
    state: Callable[[OfficialAccount], ImportState]
    run: Callable[[OfficialAccount, User], str]
    # The URL name of the page that shows what was imported.
    url_name: str


IMPORTS: Registry[Import] = Registry("import from the platform")
