"""What the world may do without an account: ask or complain, read the answer with the slip, say how it was.

Nothing here looks at households: neither the form nor the answer page tells whether somebody is on a roster.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.blind_index import blind_index
from core.refusals import Refused
from programmes.models import Programme
from supervision.kinds import Kind
from supervision.models import Case, CaseStep
from supervision.services.cases import Opening, locked, random_word, store_case

PURPOSE = "supervision.receipt"
CODE_LENGTH = 8
RATES = range(1, 6)


def programme_at(area: Area) -> Programme | None:
    """The newest programme that covers the place."""
    codes = [area.code[:length] for length in (2, 4, 6, 9, 12) if length <= len(area.code)]
    return Programme.objects.filter(area__in=codes).order_by("-year_from", "code").first()


@transaction.atomic
def ask(*, area: Area, opening: Opening, now: datetime) -> tuple[Case, str]:
    """A complaint or question from the public page: the case, and the code that opens its answer (shown once).

    Raises `Refused` PLACE_OUTSIDE, CASE_FAULTY.
    """
    programme = programme_at(area)
    if programme is None or opening.kind not in (Kind.COMPLAINT, Kind.QUESTION):
        raise Refused("PLACE_OUTSIDE", _("Choose a town of the list."))
    if not opening.words.strip():
        raise Refused("CASE_FAULTY", _("Write what it is about."))
    code = random_word(CODE_LENGTH)
    case = store_case(programme=programme, area=area, opening=opening, by=None, now=now)
    case.receipt_index = receipt_index(case.number, code)
    case.save(update_fields=["receipt_index"])
    return case, code


@transaction.atomic
def give_slip(*, case: Case, by: User) -> str:
    """A new code for somebody who asked by telephone or at the counter; an earlier one opens nothing any more."""
    kept = locked(case)
    code = random_word(CODE_LENGTH)
    kept.receipt_index = receipt_index(kept.number, code)
    kept.save(update_fields=["receipt_index"])
    return code


def receipt_index(number: str, code: str) -> str:
    return blind_index(f"{number}/{code}", PURPOSE)


def find_asked(number: str, code: str) -> Case | None:
    """The case of number and code together; wrong either way is the same nothing."""
    index = receipt_index(number.strip()[:20], code.strip()[:20])
    return Case.objects.filter(receipt_index=index, kind__in=(Kind.COMPLAINT, Kind.QUESTION)).first() if index else None


@transaction.atomic
def rate(*, case: Case, satisfaction: int, words: str, now: datetime) -> Case:
    """How content the asker is, 1 to 5, once answered. One or two take the case up again; more close it.

    Raises `Refused` NOT_ANSWERED (409), RATE_OUTSIDE.
    """
    kept = locked(case)
    if kept.state != Case.State.ANSWERED:
        raise Refused("NOT_ANSWERED", _("There is no answer to rate now."), conflict=True)
    if satisfaction not in RATES:
        raise Refused("RATE_OUTSIDE", _("Choose one of five."))
    unhappy = satisfaction <= 2
    kept.satisfaction, kept.version = satisfaction, kept.version + 1
    kept.state = Case.State.HANDLED if unhappy else Case.State.CLOSED
    kept.closed_at = None if unhappy else now
    kept.save()
    CaseStep.objects.create(
        case=kept, deed="rate", source=Case.State.ANSWERED, target=kept.state, words=words.strip()[:2000], at=now
    )
    return kept
