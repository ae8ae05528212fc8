import json
import secrets
import string
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.official.models import OfficialAccount
from config.demo import merchant, sequence, shop, templates
from config.embedded import PROJECT
from menus import drafts, publications
from menus import portable as menu_files
from wechat.replies import portable
from wechat.replies.models import Rule

SLUG = "demo"
MINI_PROGRAM = "demo-mini"
RULES = PROJECT / "config" / "demo" / "rules.json"
MENU = PROJECT / "config" / "demo" / "menu.json"
LETTERS_AND_DIGITS = string.ascii_letters + string.digits
TIMEOUT = (3, 10)


class Command(BaseCommand):
    help = "Fills an embedded installation: a login, an account, a mini program, a merchant, all simulated."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.EMBEDDED and settings.DEBUG):
            raise CommandError("Demo data is for the embedded services with DEBUG on only.")
        _make_login()
        account = OfficialAccount.objects.filter(slug=SLUG).first() or _make_account()
        mini = OfficialAccount.objects.filter(slug=MINI_PROGRAM).first() or _make_mini_program()
        _introduce_to_simulator(account, miniprograms=[mini.appid])
        _introduce_to_simulator(mini)
        merchant.set_up(account)
        shop.set_up(account)
        sequence.set_up(account)
        templates.set_up(account)


def _make_login() -> None:
    users = User.objects
    if not users.filter(username="admin").exists():
        users.create_superuser("admin", password="admin")  # noqa: S106 - known to all, embedded and DEBUG only


@transaction.atomic
def _make_account() -> OfficialAccount:
    account = _account(SLUG, "演示服务号", OfficialAccount.Kind.SERVICE)
    for position, described in enumerate(json.loads(RULES.read_text())):
        portable.write(account, Rule(position=position), described)
    _make_menu(account)
    return account


def _make_mini_program() -> OfficialAccount:
    """Makes a mini program of the account's owner: who logs in there is the same person in the account."""
    return _account(MINI_PROGRAM, "演示配套小程序", OfficialAccount.Kind.MINIPROGRAM)


def _account(slug: str, name: str, kind: OfficialAccount.Kind) -> OfficialAccount:
    return OfficialAccount.objects.create(
        slug=slug,
        name=name,
        kind=kind,
        appid=f"wx{secrets.token_hex(8)}",
        original_id=f"gh_{secrets.token_hex(6)}",
        appsecret=secrets.token_hex(16),
        token=_random(24),
        aes_key=_random(43),
        mode=OfficialAccount.ModeChoice.SAFE,
    )


def _make_menu(account: OfficialAccount) -> None:
    """Makes a menu that the worker publishes as soon as it runs."""
    menu_files.import_file(account, MENU.read_bytes(), by=None)
    menu = drafts.default_menu(account)
    publications.publish(menu, drafts.freeze(menu), by=None, through="demo")


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS_AND_DIGITS) for _ in range(length))


def _introduce_to_simulator(account: OfficialAccount, **more: Any) -> None:
    known = {
        "appid": account.appid,
        "secret": account.appsecret,
        "token": account.token,
        "aes_key": account.aes_key,
        "mode": account.mode,
        "original_id": account.original_id,
        "kind": account.kind,
        "name": account.name,
        "callback_url": account.callback_url,
        "open_platform": True,
        **more,
    }
    answer = requests.post(f"{settings.WECHAT_API_BASE}/_sim/accounts", json=known, timeout=TIMEOUT)
    answer.raise_for_status()
