from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.official.doctor import Finding, Level, examine
from accounts.official.models import OfficialAccount
from wechat.kernel.commands import TranslatedCommand

MARKS = {Level.FINE: "✓", Level.WARNING: "!", Level.FAULT: "✗"}


class Command(TranslatedCommand):
    help = "Names what is wrong with the set-up of an account, or of all, and the next step."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("slug", nargs="?")

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        accounts = OfficialAccount.objects.all()
        if slug:
            accounts = accounts.filter(slug=slug)
            if not accounts:
                raise CommandError(f"There is no account {slug!r}; make it with configure_account.")
        elif not accounts:
            self.stdout.write("There is no account yet; make one with configure_account.")
        faults = 0
        for account in accounts:
            self.stdout.write(f"{account.name} ({account.slug})")
            findings = examine(account)
            faults += sum(finding.level is Level.FAULT for finding in findings)
            for finding in findings:
                self._write(finding)
        if faults:
            raise CommandError(f"{faults} to mend.", returncode=1)

    def _write(self, finding: Finding) -> None:
        self.stdout.write(f"  {MARKS[finding.level]} {finding.sentence}")
        if finding.next_step:
            self.stdout.write(f"      → {finding.next_step}")
