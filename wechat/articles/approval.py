"""The approval of publishing articles, as far as the account's limits require one."""

import datetime

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.approvals import actions, asking
from accounts.approvals.actions import Action, Refused
from accounts.approvals.models import Approval
from accounts.staff.rights import Area
from wechat.articles import sending
from wechat.articles.models import Draft


def ask(draft: Draft, at: datetime.datetime | None, by: User) -> Approval | None:
    """Requests an approval and returns it, or returns ``None`` if the articles may be published at once."""
    titles = [article.title for article in draft.articles.all()]
    wanted = asking.Request(
        account_id=draft.account_id,
        about=draft,
        title=str(draft),
        size=len(titles),
        after=titles,
        details={"at": at.isoformat() if at else ""},
        until=at,
    )
    return asking.ask(PUBLICATION, wanted, by)


def needs_another(draft: Draft, by: User) -> bool:
    """Returns whether somebody else has to agree before it is published."""
    return not asking.may_alone(PUBLICATION, draft.account_id, draft.articles.count(), by)


def _carry_out(approval: Approval, by: User) -> None:
    draft = Draft.objects.get(pk=approval.object_id)
    at = parse_datetime(approval.details["at"] or "")
    if not draft.may_be_edited or not sending.ask(draft, Draft.Work.PUBLISH, at=at):
        raise Refused(_("The article is being worked on. Try again in a moment."))


def _fingerprint(approval: Approval) -> str:
    return str(Draft.objects.values_list("revision", flat=True).get(pk=approval.object_id))


PUBLICATION = actions.register(
    Action(
        "article_publication",
        gettext_lazy("Publish articles"),
        Area.SENDING,
        carry_out=_carry_out,
        link=lambda approval: reverse("admin:articles_draft_change", args=[approval.object_id]),
        fingerprint=_fingerprint,
        unit=gettext_lazy("articles published at once"),
        in_words=lambda count: ngettext("%d article", "%d articles", count) % count,
    )
)
