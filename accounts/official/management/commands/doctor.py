from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from accounts.official.doctor import Finding, Level, examine, examine_installation
from accounts.official.models import OfficialAccount
from wechat.kernel.commands import TranslatedCommand

MARKS = {Level.FINE: "✓", Level.WARNING: "!", Level.FAULT: "✗"}


class Command(TranslatedCommand):
    help = "Names what is wrong with the installation and an account, or all, and the next step."

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
        faults = self._write(settings.PUBLIC_URL, examine_installation())
        for account in accounts:
            faults += self._write(f"{account.name} ({account.slug})", examine(account))
        if faults:
            raise CommandError(f"{faults} to mend.", returncode=1)

    def _write(self, heading: str, findings: Sequence[Finding]) -> int:
        """Writes the findings, if any, and returns how many faults are among them."""
        if findings:
            self.stdout.write(heading)
        for finding in findings:
            self.stdout.write(f"  {MARKS[finding.level]} {finding.sentence}")
            if finding.next_step:
                self.stdout.write(f"      → {finding.next_step}")
        return sum(finding.level is Level.FAULT for finding in findings)
