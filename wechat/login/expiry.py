"""The deletion of codes, sign-ins and sessions some time after they have expired."""

import datetime

from django.utils.translation import gettext_lazy

from wechat.kernel import expiry
from wechat.login.models import BrowserSession, Handover, LoginSession, ScanLogin

FORGETTING = expiry.forgetting(
    "login.forget",
    (Handover, ScanLogin, LoginSession, BrowserSession),
    label=gettext_lazy("Deleting old sign-ins of followers"),
    # For a day, an expired token is still reported as expired.
    later=datetime.timedelta(days=1),
)
