from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from accounts.official.models import SECRETS, OfficialAccount
from wechat.kernel.commands import TranslatedCommand, secret, sentences

PLAIN_FIELDS = ("name", "kind", "appid", "mode", "original_id", "token_kind")
ARGUMENTS = {"slug": "SLUG"} | {field: f"--{field.replace('_', '-')}" for field in PLAIN_FIELDS}


class Command(TranslatedCommand):
    help = (
        "Creates or updates an account and prints its callback address. "
        "Give '-' as a secret's value to be asked for it, so that it stays out of the shell's history."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug")
        parser.add_argument("--name")
        parser.add_argument("--kind", choices=OfficialAccount.Kind.values)
        parser.add_argument("--appid")
        parser.add_argument("--appsecret")
        parser.add_argument("--token")
        parser.add_argument("--aes-key")
        parser.add_argument("--mode", choices=OfficialAccount.ModeChoice.values)
        parser.add_argument("--original-id")
        parser.add_argument("--token-kind", choices=OfficialAccount.TokenKind.values)

    def handle(self, slug: str, **options: Any) -> None:
        account = OfficialAccount.objects.filter(slug=slug).first() or OfficialAccount(slug=slug, name=slug)
        for field in PLAIN_FIELDS:
            if options[field] is not None:
                setattr(account, field, options[field])
        if appsecret := secret("AppSecret", options["appsecret"]):
            account.appsecret = appsecret
        account.change_callback_keys(
            token=secret("token", options["token"]), aes_key=secret("EncodingAESKey", options["aes_key"])
        )
        try:
            # The account itself looks at them; of those that no key opens there is nothing to be looked at.
            account.full_clean(exclude={*SECRETS, "previous_tokens", "previous_aes_keys"})
        except ValidationError as error:
            raise CommandError(sentences(error, ARGUMENTS)) from None
        account.save()
        self.stdout.write(account.callback_url)
