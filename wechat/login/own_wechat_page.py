"""The page on which a colleague binds the WeChat for trying things out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.followers import people
from accounts.official.error_sentences import of_error
from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, frame, reader
from accounts.staff.rights import Area
from wechat.console import qr_codes
from wechat.login import own_wechat
from wechat.sdk.errors import WeChatError


@account_page(Area.FOLLOWERS, posts_change=False)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the binding; "scan" shows a code, and the page polls until it was scanned."""
    context: dict[str, Any] = {}
    if "forget" in request.POST:
        own_wechat.forget(reader(request), account)
        return redirect("admin:login_own_wechat")
    if request.method == "POST":
        try:
            context["picture"] = qr_codes.data_uri(own_wechat.begin(reader(request), account))
        except WeChatError as error:
            context["problem"] = of_error(error)
    own = own_wechat.of(reader(request), account)
    context |= {
        "own": people.one(account.pk, own.openid) if own and own.openid else None,
        "waits": bool(own and own.expires_at),
    }
    part = "own_wechat_state" if request.GET.get("part") == "state" else "own_wechat"
    return TemplateResponse(
        request, f"login/{part}.html", frame(request, _("My WeChat for trying things out"), **context)
    )
