"""The session of a visitor's browser on our own pages: a signed cookie for each account, not the staff's."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts.official.models import OfficialAccount
from wechat.login.models import Visitor

LIFE = 30 * 86_400


def sign_in(response: HttpResponseBase, visitor: Visitor) -> None:
    account_id = visitor.account_id
    response.set_signed_cookie(
        _name(account_id),
        f"{visitor.pk}.{visitor.epoch}",
        salt=_salt(account_id),
        max_age=LIFE,
        secure=settings.SECURE_PROXY,
        httponly=True,
        samesite="Lax",
    )


def sign_out(response: HttpResponseBase, account: OfficialAccount) -> None:
    response.delete_cookie(_name(account.pk), samesite="Lax")


def visitor_of(request: HttpRequest, account: OfficialAccount) -> Visitor | None:
    """Returns who is signed in to this account's pages here; the cookie of another account does not count."""
    kept = request.get_signed_cookie(_name(account.pk), "", salt=_salt(account.pk), max_age=LIFE)
    number, _, epoch = (kept or "").partition(".")
    if not (number.isdecimal() and epoch.isdecimal()):
        return None
    return Visitor.objects.filter(pk=int(number), account=account, epoch=int(epoch)).first()


def _name(account_id: int) -> str:
    return f"wc_visitor_{account_id}"


def _salt(account_id: int) -> str:
    return f"wechat.login.visitor:{account_id}"
