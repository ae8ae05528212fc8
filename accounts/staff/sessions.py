"""The sessions of staff: recorded at the sign-in, kept up to date, and ended on request."""

import datetime
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from accounts.staff import second_factor
from accounts.staff.models import StaffSession
from wechat.kernel.addresses import client_address

KEY, SEEN = "staff_session", "staff_session_seen"
EVERY_SECONDS = 300
# Pairs of a mark in the user agent and the name shown to staff; the first match counts.
BROWSERS = [
    ("MicroMessenger", "微信"), ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"),
    ("Chrome", "Chrome"), ("Safari", "Safari"),
]  # fmt: skip
SYSTEMS = [
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
]  # fmt: skip


def begin(request: HttpRequest, user: User) -> None:
    """Records the session that has just begun, and deletes the rows of sessions that have expired."""
    _forget_ended(user)
    key = request.session.session_key
    if key is None:
        return
    row, _made = StaffSession.objects.update_or_create(
        key=key,
        defaults={"user": user, "browser": browser_of(request), "address": client_address(request)},
    )
    request.session[KEY], request.session[SEEN] = row.pk, int(time.time())


def of_user(user: User) -> "QuerySet[StaffSession]":
    """Returns the unexpired sessions of a user, the most recently used first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return StaffSession.objects.filter(user=user, key__in=alive).order_by("-seen_at")


def end(sessions: "QuerySet[StaffSession]") -> int:
    """Ends these sessions, so that their users have to sign in again; returns the number of sessions."""
    keys = list(sessions.values_list("key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    StaffSession.objects.filter(key__in=keys).delete()
    return len(keys)


def browser_of(request: HttpRequest) -> str:
    agent = str(request.META.get("HTTP_USER_AGENT", ""))
    found = [next((name for mark, name in known if mark in agent), "") for known in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, found)) or agent[:60]


class SessionMiddleware:
    """The middleware that enforces the second step and updates the row of the session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self._get_response(request)
        if (todo := request.session.get(second_factor.PENDING)) and request.path not in _open_pages(todo):
            return redirect(PAGES[todo][0])
        response = self._get_response(request)
        if KEY in request.session:
            _keep(request)
        return response


# By what is still to be done: its page, and the addresses that the page needs.
ALWAYS = ("admin:logout", "admin:jsi18n", "set_language")
PAGES = {
    second_factor.SHOW: ("admin:staff_second_step", "admin:staff_passkey_step"),
    second_factor.SET_UP: ("admin:staff_app_add", "admin:staff_passkey"),
}


def _open_pages(todo: str) -> set[str]:
    return {reverse(name) for name in (*PAGES[todo], *ALWAYS)}


def _keep(request: HttpRequest) -> None:
    now, session = int(time.time()), request.session
    changes: dict[str, Any] = {}
    if session.session_key != request.COOKIES[settings.SESSION_COOKIE_NAME]:
        # As another password does.
        changes["key"] = session.session_key
    if now - session.get(SEEN, 0) >= EVERY_SECONDS:
        session[SEEN] = now
        try:
            session.save()
        except UpdateError:
            # It was ended from elsewhere meanwhile: the answer is given, and there is nothing left to keep.
            session.modified = False
            return
        changes |= {"seen_at": timezone.now(), "address": client_address(request)}
    if changes:
        StaffSession.objects.filter(pk=session[KEY]).update(**changes)


def _forget_ended(user: User) -> None:
    day = timezone.now() - datetime.timedelta(days=1)
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    StaffSession.objects.filter(user=user, seen_at__lt=day).exclude(key__in=alive).delete()
