"""The pages of reports on rules: what one would change, and which can never answer."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, object_page
from accounts.staff.rights import Area
from wechat.replies import describing, tester
from wechat.replies.models import Rule, ShadowMatch
from wechat.replies.page_frame import frame

LAST = 1000
SHOWN_MATCHES = 200


@object_page(lambda: Rule.objects.select_related("account"), Area.CONTENT)
def replay(request: HttpRequest, rule: Rule) -> HttpResponse:
    """Shows what would differ if the last messages were answered with the rule enabled."""
    title = _("What “%(name)s” would change") % {"name": rule.name}
    context = frame(request, title, original=rule, replay=tester.replay(rule.account, [rule], LAST))
    return TemplateResponse(request, "replies/replay.html", context)


@object_page(lambda: Rule.objects.select_related("account"), Area.CONTENT)
def in_shadow(request: HttpRequest, rule: Rule) -> HttpResponse:
    """Shows the messages that the rule would have answered if it did not run in shadow, newest first."""
    matches = ShadowMatch.objects.filter(rule=rule).select_related("message").order_by("-message_id")
    title = _("What “%(name)s” would have answered") % {"name": rule.name}
    context = frame(request, title, original=rule, matches=matches[:SHOWN_MATCHES])
    return TemplateResponse(request, "replies/in_shadow.html", context)


@account_page(Area.CONTENT)
def never_answering(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    findings = [
        {"rule": finding.rule, "why": describing.DEAD[finding.why], "by": finding.by}
        for finding in tester.never_fires(account)
    ]
    context = frame(request, _("Rules that can never answer"), findings=findings)
    return TemplateResponse(request, "replies/never.html", context)
