from typing import Any

from django.core.management.base import BaseCommand

from wechat.kernel.work import downtime


class Command(BaseCommand):
    help = (
        "Run once after a backup was restored, before workers start: what waited in it may have been "
        "sent since, and each waits for a person."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        downtime.restored()
        self.stdout.write("What was due waits under Sent messages: send it, or call it off.")
