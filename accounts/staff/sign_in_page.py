"""The sign-in of the console, at a pace that guessing cannot keep up with."""

import math

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.staff.sign_in import SignInAttempt, TooSoon


def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return admin.site.login(request)
    try:
        attempt = SignInAttempt(request, request.POST.get("username", ""))
    except TooSoon as too_soon:
        return _too_soon(request, too_soon)
    response = admin.site.login(request)
    # The form again is the answer to a wrong password.
    if response.status_code == 302:
        attempt.succeeded(response)
    return response


def _too_soon(request: HttpRequest, too_soon: TooSoon) -> HttpResponse:
    seconds = max(1, math.ceil((too_soon.open_at - timezone.now()).total_seconds()))
    response = render(request, "console/sign_in_later.html", {"seconds": seconds}, status=429)
    response["Retry-After"] = str(seconds)
    return response
