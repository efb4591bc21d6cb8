"""`demo_accounts`: which invented people there are, and what each may do where."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import demonstration


class Command(BaseCommand):
    help = "List the demonstration's accounts (none outside demonstration mode)."

    def handle(self, *args: Any, **options: Any) -> None:
        for account in demonstration.accounts():
            self.stdout.write(f"{account.username:24} {account.person:8} {account.role_label}  {account.area_label}")
