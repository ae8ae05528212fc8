"""The page on which a member of staff switches notices in their own WeChat on or off."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, frame, reader
from accounts.staff.rights import Area, Rights
from wechat.pushes import staff_notices


@account_page(Area.FOLLOWERS, posts_change=False)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows what is needed for notices in WeChat, and switches them on or off."""
    user = reader(request)
    openid, has_template = staff_notices.own_openid(user, account), staff_notices.has_template(account)
    if request.method == "POST":
        if "off" in request.POST:
            staff_notices.switch_off(user, account)
            messages.success(request, _("You are no longer told in WeChat."))
        elif openid and has_template:
            staff_notices.switch_on(user, account)
            messages.success(request, _("You are told in WeChat from now on."))
        return redirect("admin:pushes_staff_notice")
    context = frame(
        request,
        _("Be told in WeChat"),
        notice=staff_notices.of(user, account),
        has_wechat=bool(openid),
        has_template=has_template,
        may_make_template=Rights.of(user).may_change(Area.SENDING, account.pk),
        event=staff_notices.EVENT,
    )
    return TemplateResponse(request, "pushes/staff_notice.html", context)
