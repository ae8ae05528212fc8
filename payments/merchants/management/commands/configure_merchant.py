from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from accounts.official.models import OfficialAccount
from payments.merchants import certificates, held_work, setup
from payments.merchants.models import Merchant
from wechat.kernel.commands import TranslatedCommand, secret, sentences
from wechat.sdk.pay.certificates import Certificate, read_certificate
from wechat.sdk.pay.errors import KeyRefused

PLAIN_FIELDS = {
    "name": "name",
    "mchid": "mchid",
    "serial": "serial_no",
    "public_key_id": "public_key_id",
    "protocol": "protocol",
}
ARGUMENTS = {"slug": "SLUG"} | {field: f"--{name.replace('_', '-')}" for name, field in PLAIN_FIELDS.items()}


class Command(TranslatedCommand):
    help = (
        "Creates or updates a merchant and prints its notify addresses. "
        "Give '-' as a key to be asked for it, so that it stays out of the shell's history."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug")
        parser.add_argument("--name")
        parser.add_argument("--mchid")
        parser.add_argument("--serial", help="of the merchant's own certificate: 40 digits and letters A-F")
        parser.add_argument("--private-key", metavar="FILE", help="apiclient_key.pem")
        parser.add_argument("--apiv3-key")
        parser.add_argument("--public-key-id", help="PUB_KEY_ID_…, with --public-key")
        parser.add_argument("--public-key", metavar="FILE", help="pub_key.pem")
        parser.add_argument(
            "--platform-cert", metavar="FILE", action="append", help="may be given several times"
        )
        parser.add_argument("--protocol", choices=Merchant.Protocol.values, help="of new orders; v3")
        parser.add_argument("--apiv2-key", help="with a protocol of the older interface")
        parser.add_argument("--certificate", metavar="FILE", help="apiclient_cert.pem")
        parser.add_argument(
            "--account", metavar="SLUG", action="append", help="that sells through it; the only one there is"
        )

    def handle(self, slug: str, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=slug).first() or Merchant(slug=slug, name=slug)
        for option, field in PLAIN_FIELDS.items():
            if options[option] is not None:
                setattr(merchant, field, options[option])
        for field in ("private_key", "public_key", "certificate"):
            if options[field]:
                setattr(merchant, field, _text(options[field]))
        for version in ("v3", "v2"):
            if key := secret(f"API{version} key", options[f"api{version}_key"]):
                setattr(merchant, f"api_{version}_key", key)
        try:
            merchant.full_clean()
        except ValidationError as error:
            raise CommandError(sentences(error, ARGUMENTS)) from None
        self._save(merchant, options)
        for about in ("transaction", "refund"):
            self.stdout.write(merchant.notify_url(about))

    @transaction.atomic
    def _save(self, merchant: Merchant, options: dict[str, Any]) -> None:
        known = [_certificate(path) for path in options["platform_cert"] or []]
        merchant.save()
        certificates.save(merchant, known)
        setup.begin(merchant)
        held_work.resume(merchant)
        merchant.accounts.add(*_accounts(merchant, options["account"]))


def _accounts(merchant: Merchant, slugs: list[str] | None) -> list[OfficialAccount]:
    if slugs is None:
        every = list(OfficialAccount.objects.all()[:2])
        return every if len(every) == 1 and not merchant.accounts.exists() else []
    found = {account.slug: account for account in OfficialAccount.objects.filter(slug__in=slugs)}
    if missing := [slug for slug in slugs if slug not in found]:
        raise CommandError(f"--account: there is no {', '.join(missing)}; make it with configure_account.")
    return list(found.values())


def _certificate(path: str) -> Certificate:
    try:
        return read_certificate(_text(path))
    except KeyRefused as error:
        raise CommandError(f"--platform-cert: {path} is {error}") from None


def _text(path: str) -> str:
    try:
        return Path(path).read_text("ascii")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is no file in PEM form.") from None
