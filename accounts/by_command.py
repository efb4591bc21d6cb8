"""Commands that do a person's work: `--by USERNAME` names them, their rights count, refusals are one clear sentence."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_otp import match_token

from accounts.acting import acting
from accounts.models import Area, User
from core.refusals import Refused

Row = TypeVar("Row", bound=models.Model)


class ByCommand(BaseCommand):
    """Subclasses say what they take in `arguments` and what they do in `perform`, whose text is printed."""

    def add_arguments(self, parser: CommandParser) -> None:
        self.arguments(parser)
        parser.add_argument("--by", required=True, help="account of the person whose work this is; their rights count")

    def handle(self, *args: Any, **options: Any) -> str:
        by = asked(User.objects.filter(is_active=True), "username", options["by"], _("active account"))
        with acting(by, reason=f"command {type(self).__module__.rpartition('.')[2]}"):
            try:
                return self.perform(by, options)
            except Refused as refusal:
                faults = [f"  {fault.field}: {fault.sentence}" for fault in getattr(refusal, "faults", ())]
                raise CommandError("\n".join([refusal.sentence, *faults])) from None
            except PermissionDenied as denied:
                words = _("%(who)s does not hold the right “%(right)s” there.")
                raise CommandError(words % {"who": by, "right": denied}) from None

    def arguments(self, parser: CommandParser) -> None:
        raise NotImplementedError

    def perform(self, by: User, options: dict[str, Any]) -> str:
        raise NotImplementedError


def asked(rows: models.QuerySet[Row], field: str, value: str, kind: str) -> Row:
    """The row that a command names. Raises CommandError with what was looked for."""
    found = rows.filter(**{field: value}).first()
    if found is None:
        raise CommandError(_("There is no %(kind)s “%(value)s”.") % {"kind": kind, "value": value})
    return found


def asked_area(code: str) -> Area:
    return asked(Area.objects.all(), "code", code, _("place with the code"))


def demand_code(by: User, code: str) -> None:
    """The second factor, as on the page: always asked for, used up by being given. Raises Refused STEP_UP."""
    if match_token(by, code.strip()) is None:
        words = _("The one-time code is wrong or already used. Wait for the next code and type it again.")
        raise Refused("STEP_UP", words)


def moment(text: str) -> dt.datetime | None:
    """`--at` of a command; None where nothing was said. In production the clock can't be set by anybody."""
    if not text:
        return None
    if settings.PRODUCTION:
        raise CommandError(_("In production a step is taken now; no other time can be given."))
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(_("“%(text)s” is no time; write 2021-11-20T11:00:00+08:00.") % {"text": text})
    return found if timezone.is_aware(found) else timezone.make_aware(found)
