"""`import_fees FILE --company NAME --season 2022-2023 --programme P --by ACCOUNT [--dry-run] [--in-spite]`.

The importer of the page, all of the file in one transaction.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from heatsupply.models import HeatingCompany
from heatsupply.services.fee_imports import import_fees
from heatsupply.wording.files import problem_words
from programmes.models import Programme


class Command(BaseCommand):
    help = "Take in a heating company's workbook of heat fees; nothing is stored while rows are faulty."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--company", required=True, help="name of the heating company")
        parser.add_argument("--season", required=True, help="like 2022-2023")
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--by", required=True, help="account in whose name it is done")
        parser.add_argument("--dry-run", action="store_true", help="read and judge, store nothing")
        parser.add_argument("--in-spite", action="store_true", help="store the good rows although others are faulty")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            by = User.objects.get(username=options["by"])
            company = HeatingCompany.objects.get(name=options["company"])
            programme = Programme.objects.get(code=options["programme"])
            with acting(by, reason=f"import_fees {path.name}"):
                taken = import_fees(
                    programme=programme, company=company, season=options["season"], path=path, file_name=path.name,
                    trial=options["dry_run"], in_spite=options["in_spite"], by=by, now=clock.now(),
                )  # fmt: skip
        except (User.DoesNotExist, HeatingCompany.DoesNotExist, Programme.DoesNotExist) as error:
            raise CommandError(f"{error} (--by, --company or --programme)") from error
        except PermissionDenied as error:
            raise CommandError("This account may not keep the fees of the company.") from error
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal
        for problem in taken.problems:
            self.stderr.write(problem_words(problem))
        self.stdout.write(", ".join(f"{name} {count}" for name, count in taken.counts().items()))
        if taken.problems and not taken.is_stored:
            raise CommandError("Nothing is stored: correct the file, or use --in-spite.")
