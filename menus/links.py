"""Whether the addresses that buttons open can be opened, found out by a worker."""

import datetime
from collections.abc import Iterable

import requests
from django.db.models import Q
from django.utils import timezone
from urllib3.exceptions import HTTPError

from menus.models import LinkCheck
from menus.validation import URL_BYTES, byte_count, is_web_address
from wechat.kernel import due
from wechat.kernel.public_network import public_session
from wechat.sdk import deadlines

LEASE = datetime.timedelta(minutes=1)
FRESH_FOR = datetime.timedelta(hours=6)
TIMEOUT_SECONDS = 5
BATCH = 10
BROWSER = {"User-Agent": "Mozilla/5.0 (compatible; WeChatConsole menu check)"}


def look_at(urls: Iterable[str]) -> None:
    """Have a worker open these addresses, unless it did so lately."""
    now = timezone.now()
    wanted = {url for url in urls if is_web_address(url) and byte_count(url) <= URL_BYTES}
    LinkCheck.objects.bulk_create(
        [LinkCheck(url=url, due_at=now) for url in sorted(wanted)], ignore_conflicts=True
    )
    old = Q(checked_at__lt=now - FRESH_FOR) & Q(due_at=None)
    LinkCheck.objects.filter(old, url__in=wanted).update(due_at=now)


def look_at_due() -> int:
    return due.work_off(LinkCheck.objects.all(), look, lease=LEASE, limit=BATCH)


def look(check: LinkCheck) -> None:
    status, error = _opened(check.url)
    LinkCheck.objects.filter(pk=check.pk).update(
        status=status, error=error[:200], checked_at=timezone.now(), due_at=None
    )


def _opened(url: str) -> tuple[int | None, str]:
    """Status and no error, or no status and why. Outside DEBUG no private address is connected to."""
    try:
        with (
            deadlines.within(TIMEOUT_SECONDS),
            public_session() as browser,
            browser.get(url, headers=BROWSER, stream=True, allow_redirects=True) as answer,
        ):
            return answer.status_code, ""
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        return None, type(error).__name__
