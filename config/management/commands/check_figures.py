from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.official.models import OfficialAccount
from payments.orders import revenue


class Command(BaseCommand):
    help = "Compares the figures that are kept by day with the rows they were counted from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="Has days that differ worked out again.")

    def handle(self, *args: Any, **options: Any) -> None:
        differing = 0
        for account in OfficialAccount.objects.order_by("slug"):
            found = list(revenue.differences(account))
            for day, text in found:
                self.stdout.write(f"{account.slug}: revenue of {day}: {text}")
            if options["mend"]:
                revenue.note_days(account.pk, [day for day, _text in found])
            differing += len(found)
        if not differing:
            self.stdout.write("All figures agree with their rows.")
        elif options["mend"]:
            self.stdout.write(f"{differing} differences: a worker works their days out again.")
        else:
            raise SystemExit(1)
