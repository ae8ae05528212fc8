"""The import of followers and tags from WeChat, done by the synchronisation."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import sync_requests
from accounts.followers.models import Follower, FollowerSync, Tag
from accounts.official.error_sentences import of_row
from accounts.official.models import OfficialAccount
from accounts.operations.imports import COUNTED, IMPORTS, Import, ImportState
from accounts.staff.rights import Area


def _followers(account: OfficialAccount) -> ImportState:
    return _with_run(account, Follower.objects.filter(account=account)[:COUNTED].count())


def _tags(account: OfficialAccount) -> ImportState:
    return _with_run(account, Tag.objects.filter(account=account).count())


def _with_run(account: OfficialAccount, number: int) -> ImportState:
    run = FollowerSync.objects.filter(account=account).order_by("-pk").first()
    return ImportState(number, moving=bool(run and run.is_open), problem=of_row(run) if run else "")


def _read(account: OfficialAccount, by: User) -> str:
    sync_requests.ask(account, FollowerSync.Kind.FULL, by)
    return _("The followers and tags are read from WeChat.")


PAGES = "admin:followers_follower_changelist", "admin:followers_tag_changelist"
IMPORTS.add("followers", Import(gettext_lazy("Followers"), Area.FOLLOWERS, _followers, _read, PAGES[0]))
IMPORTS.add("tags", Import(gettext_lazy("Tags"), Area.FOLLOWERS, _tags, _read, PAGES[1]))
