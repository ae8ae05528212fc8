"""The doctor's findings on business systems whose signature cannot be checked."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.official.doctor import Finding, Level, examines
from accounts.official.models import OfficialAccount
from wechat.api.models import ApiClient


@examines
def undecryptable_clients(account: OfficialAccount) -> Iterator[Finding]:
    """Yields a fault for each API client of the account whose secret no key opens."""
    for client in ApiClient.objects.filter(accounts=account, enabled=True):
        if client.is_undecryptable("secret"):
            yield Finding(
                Level.FAULT,
                _("No key of FIELD_ENCRYPTION_KEYS opens the secret of the API client “%(name)s”.")
                % {"name": client.name},
                _(
                    "Its calls are answered 503. Put the key back that it was stored with and restart; "
                    "if it is lost, make a new secret."
                ),
            )
