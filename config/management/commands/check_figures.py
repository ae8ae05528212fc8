import datetime
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.official.models import OfficialAccount
from payments.orders import revenue
from wechat.inbox import counts

Difference = tuple[OfficialAccount, datetime.date, str]


class Command(BaseCommand):
    help = "Compares the figures that are kept by day with the rows they were counted from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="Has days that differ worked out again.")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = list(OfficialAccount.objects.order_by("slug"))
        paid = [(account, *each) for account in accounts for each in revenue.differences(account)]
        messages = [(account, *each) for account in accounts for each in counts.differences(account)]
        for what, found in (("revenue", paid), ("messages", messages)):
            for account, day, text in found:
                self.stdout.write(f"{account.slug}: {what} of {day}: {text}")
        if not paid and not messages:
            self.stdout.write("All figures agree with their rows.")
        elif not options["mend"]:
            raise SystemExit(1)
        else:
            self._mend(paid, messages)

    def _mend(self, paid: Sequence[Difference], messages: Sequence[Difference]) -> None:
        for account, day, _text in paid:
            revenue.note_days(account.pk, [day])
        if messages:
            counts.count_again()
        self.stdout.write("Workers work out again what differs.")
