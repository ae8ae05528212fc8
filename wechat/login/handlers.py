"""Where login joins in: codes that sign in on a computer, and what people say about their data."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from wechat.inbox.routing import Answer, InboundEvent, Precedence, answers, reacts
from wechat.login import scanning, visitors
from wechat.sdk.content import Text
from wechat.sdk.messages import (
    Scan,
    Subscribe,
    UserAuthorizationRevoked,
    UserInfoModified,
)

# RevokeInfo of nickname and avatar: WeChat reference 2.2.
PROFILE = "205"


def login_scene(event: InboundEvent) -> str:
    message = event.message
    scene = message.scene if isinstance(message, Scan | Subscribe) else ""
    return scene if scene.startswith(scanning.PREFIX) else ""


@answers(order=Precedence.LOGIN, quick=True)
def ask_to_confirm(event: InboundEvent) -> Answer | None:
    """Only asks: who was sent somebody else's code would otherwise sign that one in."""
    scene = login_scene(event)
    if not scene:
        return None
    event.needs_rows()
    scan = scanning.find(event.account, scene)
    if scan is None:
        return None
    if scan.is_over:
        return Answer("login", Text(_("This code has run out. Show a new one on the computer.")))
    address = settings.PUBLIC_URL + reverse("scan_login_confirm", args=[event.account.slug, scene])
    text = _("Sign in on the computer?") + f' <a href="{address}">' + _("Tap here to confirm") + "</a>"
    return Answer("login", Text(text))


@reacts(Scan, Subscribe)
def note_scan(event: InboundEvent) -> None:
    if scene := login_scene(event):
        scanning.scanned(event.account, scene, event.message.openid)


@reacts(UserInfoModified, UserAuthorizationRevoked)
def forget_profile(event: InboundEvent) -> None:
    """What was shown with consent is no longer what the person shows."""
    message = event.message
    assert isinstance(message, UserInfoModified | UserAuthorizationRevoked)
    if isinstance(message, UserInfoModified) or PROFILE in message.revoke_info:
        visitors.forget_profile(event.account, message.affected_openid)
