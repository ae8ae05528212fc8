"""The page that erases a person: it shows what goes, what stays and why, and asks for confirmation."""

from django.contrib import messages
from django.contrib.admin.models import DELETION
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.followers import erasing
from accounts.followers.erasing import KnownElsewhere
from accounts.followers.models import Follower
from accounts.staff import audit
from accounts.staff.gate import frame, object_page
from accounts.staff.rights import Area, Rights
from wechat.console import typed_word


@object_page(lambda: Follower.objects.select_related("account"), Area.FOLLOWERS, change=True)
def show(request: HttpRequest, follower: Follower) -> HttpResponse:
    back = reverse("admin:followers_follower_change", args=[follower.pk])
    return erase(request, follower, back=back, after=back)


def erase(request: HttpRequest, person: Follower, *, back: str, after: str) -> HttpResponse:
    """Shows what would be erased of a person, and erases it once a word was typed.

    Somebody who never followed is given as a row that was not saved.
    """
    held = erasing.holdings(person)
    viewable = Rights.of(request.user).viewable(Area.FOLLOWERS)
    elsewhere = erasing.known_elsewhere(person)
    shown = [each for each in elsewhere if each.account.pk in viewable]
    word = _("erase")
    if typed_word.is_typed(request, word):
        _erase(request, person, shown)
        return redirect(after)
    context = frame(
        request,
        _("Erase this person"),
        follower=person,
        back=back,
        goes=[holding.what for holding in held if holding.erase is not None],
        stays=[holding.what for holding in held if holding.erase is None],
        elsewhere=shown,
        hidden_elsewhere=len(elsewhere) - len(shown),
        **typed_word.context(request, word),
    )
    return TemplateResponse(request, "followers/erase.html", context)


def _erase(request: HttpRequest, person: Follower, elsewhere: list[KnownElsewhere]) -> None:
    erasing.erase(person)
    # Read anew: the entry must not repeat what was just forgotten.
    row = Follower.objects.filter(account=person.account, openid=person.openid).first()
    note = _("Erased the person.")
    audit.record(request, row or person.account, note if row else f"{person.openid}: {note}", flag=DELETION)
    messages.success(request, _("The person is erased."))
    for each in elsewhere:
        text = _("Still known to %(account)s: %(what)s") % {"account": each.account, "what": each.what}
        messages.warning(
            request, format_html('{} <a href="{}">{}</a>', text, each.address, _("Open their page"))
        )
