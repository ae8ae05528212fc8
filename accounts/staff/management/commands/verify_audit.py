from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.official.models import OfficialAccount
from accounts.staff import audit_chain
from accounts.staff.audit_chain import BrokenLink
from accounts.staff.models import AuditChain, AuditEntry


class Command(BaseCommand):
    help = (
        "Follows the chain of audit entries of each account, and names the first link that was changed or "
        "taken away. The number and seal that it prints can be kept elsewhere and compared later."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="?", help="only the account of this short name")

    def handle(self, *args: Any, **options: Any) -> None:
        chains = AuditChain.objects.order_by("account")
        if options["slug"]:
            chains = chains.filter(account=_account(options["slug"]))
        if not chains:
            self.stdout.write("No entry was sealed yet: there is nothing to verify.")
        broken = [chain for chain in chains if not self._holds(chain)]
        if broken:
            raise CommandError("The audit was tampered with.")

    def _holds(self, chain: AuditChain) -> bool:
        name = OfficialAccount.objects.filter(pk=chain.account_id or 0).values_list("slug", flat=True).first()
        name = name or ("(installation)" if chain.account_id is None else f"(account {chain.account_id})")
        found = audit_chain.first_broken_link(chain)
        if found is not None:
            self.stderr.write(f"{name}: {_sentence(found)}")
            return False
        waiting = audit_chain.unsealed().filter(account=chain.account_id).count()
        not_yet = f", {waiting} not sealed yet" if waiting else ""
        self.stdout.write(f"{name}: {chain.number} entries hold, seal {chain.hash or '-'}{not_yet}")
        return True


def _account(slug: str) -> OfficialAccount:
    account = OfficialAccount.objects.filter(slug=slug).first()
    if account is None:
        raise CommandError(f"There is no account {slug}.")
    return account


def _sentence(link: BrokenLink) -> str:
    entry = AuditEntry.objects.filter(pk=link.entry or 0).first()
    if entry is None:
        return f"link {link.number} is missing"
    return f"link {link.number} was changed: entry {entry.pk} of {entry.at:%Y-%m-%d %H:%M:%S} UTC"
