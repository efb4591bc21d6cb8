"""Long arrears: which class an account belongs to and what is done about it (B-34)."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from heatsupply.models import FeeAccount
from heatsupply.models.owned import MANAGE
from heatsupply.services.ledger import locked
from heatsupply.services.permits import may_keep


@transaction.atomic
def class_arrears(
    *, account: FeeAccount, arrears: str, measure: str, words: str = "", by: User, on: date
) -> FeeAccount:
    """Class and measure of an account that owes. Raises `Refused` ARREARS_FAULTY, NOTHING_OWED (409)."""
    kept = locked(account)
    if not may_keep(by, kept.company):
        raise PermissionDenied(MANAGE)
    if arrears not in FeeAccount.Arrears.values or measure not in FeeAccount.Measure.values:
        raise Refused("ARREARS_FAULTY", _("Choose a class and a measure."))
    if kept.owing_fen <= 0:
        raise Refused("NOTHING_OWED", _("This account owes nothing now."), conflict=True)
    kept.arrears, kept.measure, kept.measure_words, kept.measured_on = arrears, measure, words.strip()[:300], on
    kept.save(update_fields=["arrears", "measure", "measure_words", "measured_on"])
    return kept
