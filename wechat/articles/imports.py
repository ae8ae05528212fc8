"""The import of drafts and publications made on WeChat's own page."""

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.error_sentences import of_row
from accounts.official.models import OfficialAccount
from accounts.operations.imports import IMPORTS, Import, ImportState
from accounts.staff.rights import Area
from wechat.articles import reading
from wechat.articles.models import ArticleReading, Draft
from wechat.kernel import work


def _here(account: OfficialAccount) -> ImportState:
    row = ArticleReading.objects.filter(account=account).first()
    number = Draft.objects.filter(account=account).count()
    return ImportState(number, moving=bool(row and row.due_at), problem=of_row(row) if row else "")


def _read(account: OfficialAccount, by: User) -> str:
    reading.ask(account)
    work.wake("articles.read")
    return _("The drafts and published articles are read from WeChat.")


IMPORTS.add(
    "articles",
    Import(gettext_lazy("Articles"), Area.CONTENT, _here, _read, "admin:articles_draft_changelist"),
)
