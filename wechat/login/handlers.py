"""The registrations of login: codes that sign in on a computer, and events about personal data."""

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wechat.console import codes
from wechat.inbox import answerers
from wechat.inbox.routing import Answer, InboundEvent, Precedence, answers, reacts
from wechat.login import own_wechat, scanning, visitors
from wechat.sdk.content import Text
from wechat.sdk.messages import (
    Scan,
    Subscribe,
    UserAuthorizationRevoked,
    UserInfoModified,
)

answerers.call("login", gettext_lazy("the sign-in by scanning"))
# RevokeInfo of nickname and avatar: WeChat reference 2.2.
PROFILE = "205"


def login_scene(event: InboundEvent) -> str:
    """Returns the scene of a sign-in that was scanned, or the empty text."""
    return _scene(event, scanning.PREFIX)


@answers(order=Precedence.LOGIN, quick=True)
def ask_to_confirm(event: InboundEvent) -> Answer | None:
    """Asks whether to sign in on the computer, and confirms nothing.

    Else somebody who was sent another's code would sign that other one in by scanning it.
    """
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


@answers(order=Precedence.LOGIN, quick=True)
def answer_colleague(event: InboundEvent) -> Answer | None:
    """Answers the colleague who scanned, who reads whether it was in time; also once they are bound."""
    scene = _scene(event, own_wechat.PREFIX)
    if not scene:
        return None
    event.needs_rows()
    own = own_wechat.shown(event.account, scene)
    if own is None:
        return None
    if not own.is_over or own.is_bound_to(event.message.openid):
        return Answer("login", Text(_("This is your WeChat for trying things out now.")))
    return Answer("login", Text(_("This code has run out. Show a new one on the computer.")))


@reacts(Scan, Subscribe)
def note_colleague(event: InboundEvent) -> None:
    if scene := _scene(event, own_wechat.PREFIX):
        own_wechat.scanned(event.account, scene, event.message.openid)


@reacts(UserInfoModified, UserAuthorizationRevoked)
def forget_profile(event: InboundEvent) -> None:
    """Forgets a profile that somebody changed or no longer consents to.

    What was shown with consent is no longer what the person shows.
    """
    message = event.message
    assert isinstance(message, UserInfoModified | UserAuthorizationRevoked)
    if isinstance(message, UserInfoModified) or PROFILE in message.revoke_info:
        visitors.forget_profile(event.account, message.affected_openid)


@codes.scenes.register
def sign_ins(account_id: int, scenes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yields what the codes of sign-ins are called; none is worth offering."""
    for scene in scenes:
        if scene.startswith(scanning.PREFIX):
            yield scene, _("a sign-in on a computer")
        elif scene.startswith(own_wechat.PREFIX):
            yield scene, _("a colleague's code for trying things out")


def _scene(event: InboundEvent, prefix: str) -> str:
    message = event.message
    scene = message.scene if isinstance(message, Scan | Subscribe) else ""
    return scene if scene.startswith(prefix) else ""
