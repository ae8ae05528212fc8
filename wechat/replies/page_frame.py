"""The common base of pages about rules."""

from typing import Any

from django.http import HttpRequest
from django_stubs_ext import StrOrPromise

from accounts.staff import gate
from wechat.replies.models import Rule


def frame(request: HttpRequest, title: StrOrPromise, **context: Any) -> dict[str, Any]:
    return gate.frame(request, title, opts=Rule._meta, **context)
