"""Reports about rules: what one would change, and which can never answer."""

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from wechat.replies import describing, tester
from wechat.replies.entrance import account_to_view, frame
from wechat.replies.models import Rule

LAST = 1000


def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """The last messages, played again with the rule on."""
    account = account_to_view(request)
    rule = Rule.objects.filter(account=account, pk=pk).first()
    if rule is None:
        raise Http404
    context = {
        **frame(request, account, _("What “%(name)s” would change") % {"name": rule.name}),
        "original": rule,
        "replay": tester.replay(account, [rule], LAST),
    }
    return TemplateResponse(request, "replies/replay.html", context)


def never(request: HttpRequest) -> HttpResponse:
    account = account_to_view(request)
    findings = [
        {"rule": finding.rule, "why": describing.DEAD[finding.why], "by": finding.by}
        for finding in tester.never_fires(account)
    ]
    context = {**frame(request, account, _("Rules that can never answer")), "findings": findings}
    return TemplateResponse(request, "replies/never.html", context)
