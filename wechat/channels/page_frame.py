"""The common base of pages about channels."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django_stubs_ext import StrOrPromise

from accounts.staff import gate
from wechat.channels.models import Channel


def all_channels() -> "QuerySet[Channel]":
    return Channel.objects.select_related("code", "account")


def frame(request: HttpRequest, title: StrOrPromise, **context: Any) -> dict[str, Any]:
    return gate.frame(request, title, opts=Channel._meta, **context)
