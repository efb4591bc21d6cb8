"""Everything between a running database and a running portal, in one process: `./portal up` and compose call it."""

from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Check and migrate the database; on request collect static files and fill an empty database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--static", action="store_true", help="collect static files")
        parser.add_argument("--demo", action="store_true", help="load the demonstration into an empty database")
        parser.add_argument("--accounts", type=Path, help="write the demonstration's accounts to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("check_database")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("make_partitions", stdout=StringIO())
        call_command("check", databases=["default"], stdout=StringIO())  # raises where it would print errors
        call_command("compile_catalogue", stdout=StringIO())
        if options["static"]:
            call_command("collectstatic", interactive=False, verbosity=0)
        if options["demo"] and "load_demo" in get_commands():
            load_demonstration()
        if options["accounts"]:
            write_accounts(options["accounts"])


def load_demonstration() -> None:
    """Into an empty database only; a load that was interrupted (its mark is still there) is taken up again."""
    mark = settings.RUN_DIR / "demo-loading"
    if get_user_model()._base_manager.exists() and not mark.exists():
        return
    mark.touch()
    call_command("load_demo")
    mark.unlink()


def write_accounts(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        if "demo_accounts" in get_commands():
            call_command("demo_accounts", stdout=file)
