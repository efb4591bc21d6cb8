"""`record_acceptance DWELLING_NO --programme P --answers FILE.json --by U`: an inspector's visit, written down."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, moment
from accounts.models import User
from programmes.models import Programme
from retrofits.models import Task
from retrofits.services.acceptances import record_acceptance
from retrofits.services.photos import add_photos
from retrofits.visit_files import VisitFile, read_visit

RIGHT = "acceptances.record"


class Command(ByCommand):
    help = (
        'Accept or refuse an installation. FILE: {"result": "passed|failed", "answers": {ITEM: "ok|bad|na|19.5"}, '
        '"photos": {STAGE: "a.jpg"}, "signer_name": …, "signature": "s.png", "opinion": …, "defect": …, '
        '"due_on": DAY}; files lie beside it.'
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dwelling_no")
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--answers", required=True, type=Path, help="what was found at the door, as JSON")
        parser.add_argument("--at", default="", help="as if it were then; outside production only")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        tasks = Task.objects.visible_to(by).filter(programme=programme).exclude(state=Task.State.WITHDRAWN)
        task = asked(tasks, "dwelling__dwelling_no", options["dwelling_no"], _("task of the dwelling"))
        if not by.has_right(RIGHT, task.area_id):
            raise PermissionDenied(RIGHT)
        found, at = _read(options["answers"]), moment(options["at"])
        with transaction.atomic():
            add_photos(task=task, photos=found.photos, by=by)
            made = record_acceptance(
                task=task, request_id=uuid.uuid4(), result=found.result, visit=found.visit, by=by,
                on=timezone.localdate(at) if at else None, now=at,
            )  # fmt: skip
        return f"{options['dwelling_no']}: {made.get_result_display()}, {made.accepted_on.isoformat()}"


def _read(path: Path) -> VisitFile:
    try:
        return read_visit(path, max_bytes=settings.UPLOAD_MAX_BYTES)
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(_("%(file)s can't be read: %(why)s") % {"file": path, "why": error}) from None
