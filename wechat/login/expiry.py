"""The deletion of expired codes, sign-ins and sessions."""

import datetime

from django.utils.translation import gettext_lazy

from wechat.kernel import expiry
from wechat.login.models import BrowserSession, Handover, LoginSession, ScanLogin

FORGETTING = expiry.forgetting(
    "login.forget",
    (Handover, ScanLogin, LoginSession, BrowserSession),
    label=gettext_lazy("Deleting old sign-ins of followers"),
    # An old token is still told to be old.
    later=datetime.timedelta(days=1),
)
