"""`prepare_batch --programme P --village CODE … --by U`: what is payable there, gathered and locked for signing."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.by_command import ByCommand, asked, asked_area
from accounts.models import User
from core.money import format_yuan
from programmes.models import Programme
from subsidies.services.batches import create_batch, lock_for_signing


class Command(ByCommand):
    help = "Gather what is payable into a batch, set its money aside and open the chain; or nothing of it."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, help="code of the programme")
        parser.add_argument("--village", required=True, nargs="+", help="codes of the villages")
        parser.add_argument("--title", default="", help="what the batch is called")

    def perform(self, by: User, options: dict[str, Any]) -> str:
        programme = asked(Programme.objects.all(), "code", options["programme"], _("programme"))
        areas = [asked_area(code) for code in options["village"]]
        with transaction.atomic():
            batch = create_batch(
                programme=programme, areas=areas, request_id=uuid.uuid4(), by=by, title=options["title"]
            )
            batch = lock_for_signing(batch=batch, by=by)
        return f"{batch.number}\n{batch.line_count}\n{format_yuan(batch.total_fen)}\n{batch.content_hash}"
