"""A dwelling of the register put forward for a further programme, and taken back while nothing rests on it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.areas import is_inside
from core.refusals import Refused
from households.models import Dwelling, Enrolment, RosterRow
from programmes.models import Technology

RIGHT = "rosters.import"


@transaction.atomic
def put_forward(*, dwelling: Dwelling, technology: Technology, by: User) -> Enrolment:
    """Enter a dwelling for the programme of `technology`; its next list is drawn up with it.

    Raises Refused: NO_RIGHT, PLACE_OUTSIDE, EXCLUDED, FOLDED, ENROLLED (conflict).
    """
    home = Dwelling.objects.select_for_update(of=("self",)).select_related("area").get(pk=dwelling.pk)
    programme = technology.programme
    if not by.has_right(RIGHT, home.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this for %(area)s."), area=home.area.name)
    if not is_inside(home.area_id, programme.area_id):
        raise Refused("PLACE_OUTSIDE", _("%(area)s lies outside “%(programme)s”."), area=home.area.name,
                      programme=programme.name)  # fmt: skip
    if home.exclusion:
        raise Refused("EXCLUDED", _("Excluded: %(why)s."), why=home.get_exclusion_display())
    if home.folded_into_id:
        raise Refused("FOLDED", _("This entry was merged into another dwelling."))
    if Enrolment.objects.filter(programme=programme, dwelling=home).exists():
        raise Refused("ENROLLED", _("Already put forward for “%(programme)s”."), programme=programme.name)
    return Enrolment.objects.create(
        programme=programme, dwelling=home, area_id=home.area_id, technology=technology, entered_by=by
    )


@transaction.atomic
def take_back(*, enrolment: Enrolment, by: User) -> None:
    """Take a dwelling out of a programme again. Raises Refused: NO_RIGHT, ON_A_LIST."""
    found = Enrolment.objects.select_for_update(of=("self",)).select_related("area").get(pk=enrolment.pk)
    if not by.has_right(RIGHT, found.area_id):
        raise Refused("NO_RIGHT", _("You don't have the right to do this for %(area)s."), area=found.area.name)
    if RosterRow.objects.filter(roster__programme=found.programme_id, dwelling=found.dwelling_id).exists():
        raise Refused("ON_A_LIST", _("It stands on a list of this programme by now."))
    found.delete()
