"""The auditors' ledgers as workbooks: `export_ledger payout --programme jincheng_2020 --out payout.xlsx`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.acting import acting
from accounts.models import Area, User
from core.refusals import Refused
from core.templatetags.portal_figures import yuan_words
from programmes.models import Programme
from reports.ledgers.registry import LEDGERS
from reports.services import exports


class Command(BaseCommand):
    help = "Write a ledger of a programme as .xlsx, numbers masked; full numbers for a named account and a reason."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(LEDGERS))
        parser.add_argument("--programme", required=True, help="code of the programme, e.g. jincheng_2020")
        parser.add_argument("--out", required=True, type=Path, help="the file to write")
        parser.add_argument("--area", default="", help="area code; the whole programme without it")
        parser.add_argument("--as", dest="account", default="", help="whose rights count and who is logged")
        parser.add_argument("--full", action="store_true", help="full numbers; needs --as and --reason")
        parser.add_argument("--reason", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        programme = _programme(options["programme"])
        by = _account(options["account"])
        area = _area(options["area"], programme)
        wish = exports.Wish(options["kind"], programme, area, full=options["full"], reason=options["reason"])
        with acting(by or "command export_ledger", options["reason"]):
            try:
                made = exports.export_now(wish=wish, by=by, target=options["out"])
            except Refused as refusal:
                raise CommandError(refusal.sentence) from None
            except PermissionDenied as denied:
                words = _("%(who)s lacks the right %(right)s over %(area)s.")
                raise CommandError(words % {"who": by, "right": denied, "area": area}) from None
            except OSError as error:
                words = _("%(file)s can't be written: %(why)s")
                raise CommandError(words % {"file": options["out"], "why": error.strerror}) from None
        total = "" if made.total_fen is None else f", {yuan_words(made.total_fen)}"
        words = _("%(file)s: %(rows)d rows%(total)s, SHA-256 of the rows %(hash)s")
        self.stdout.write(
            words % {"file": options["out"], "rows": made.row_count, "total": total, "hash": made.data_hash}
        )


def _programme(code: str) -> Programme:
    found = Programme.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Programme.objects.values_list("code", flat=True)) or "—"
        raise CommandError(
            _("There is no programme “%(code)s”; known are: %(known)s.") % {"code": code, "known": known}
        )
    return found


def _account(username: str) -> User | None:
    if not username:
        return None
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError(_("There is no active account “%(name)s”.") % {"name": username})
    return found


def _area(code: str, programme: Programme) -> str:
    if not code:
        return str(programme.area_id)
    if not code.startswith(programme.area_id) or not Area.objects.filter(code=code).exists():
        raise CommandError(
            _("%(code)s is no place of the programme %(programme)s.") % {"code": code, "programme": programme}
        )
    return code
