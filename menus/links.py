"""The check of the addresses that buttons open, done by a worker."""

import datetime
from collections.abc import Iterable

import requests
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy
from urllib3.exceptions import HTTPError

from menus.models import LinkCheck
from menus.validation import URL_BYTES, byte_count, is_web_address
from wechat.kernel import work
from wechat.kernel.public_network import public_session
from wechat.sdk import deadlines

FRESH_FOR = datetime.timedelta(hours=6)
TIMEOUT_SECONDS = 5
BROWSER = {"User-Agent": "Mozilla/5.0 (compatible; WeChatConsole menu check)"}
CHECKS = work.Kind(
    "menus.check_links",
    lambda: LinkCheck.objects.all(),
    label=gettext_lazy("Checking the links of menus"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
    subject="",
)


def schedule_checks(urls: Iterable[str]) -> None:
    """Schedules checks of these addresses, unless they were checked recently."""
    now = timezone.now()
    wanted = {url for url in urls if is_web_address(url) and byte_count(url) <= URL_BYTES}
    LinkCheck.objects.bulk_create(
        [LinkCheck(url=url, due_at=now) for url in sorted(wanted)], ignore_conflicts=True
    )
    old = Q(checked_at__lt=now - FRESH_FOR) & Q(due_at=None)
    LinkCheck.objects.filter(old, url__in=wanted).update(due_at=now)


@CHECKS.each
def check_link(check: LinkCheck) -> None:
    """Checks the address; a failure to open it is a result as well."""
    status, error = _opened(check.url)
    check.done(status=status, error=error, checked_at=timezone.now())


def _opened(url: str) -> tuple[int | None, str]:
    """Opens an address; returns the status and the empty text, or ``None`` and the error.

    Outside DEBUG it does not connect to private addresses.
    """
    try:
        with (
            deadlines.within(TIMEOUT_SECONDS),
            public_session() as browser,
            browser.get(url, headers=BROWSER, stream=True, allow_redirects=True) as answer,
        ):
            return answer.status_code, ""
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        return None, type(error).__name__
