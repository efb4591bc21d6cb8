"""Rows of rosters refused because their person is registered in another place: for those who see both sides.

The clerk who sent the roster is told no more than that (`E_ID_ELSEWHERE`). Whoever decides double entries over both
places sees here who it is, and tells one of the two towns what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import User
from households.models import Household, ImportRow, RosterImport

CODE = "E_ID_ELSEWHERE"
OPEN = (RosterImport.State.REVIEW, RosterImport.State.APPLYING, RosterImport.State.APPLIED)
_PERSON = "(SELECT substr(k, 11) FROM unnest(households_importrow.keys_index) k WHERE k LIKE 'id_number:%%' LIMIT 1)"


@dataclass(frozen=True)
class Claim:
    """One refused row with the household that has its person already."""

    row: ImportRow
    household: Household

    @property
    def pk(self) -> int:
        return self.row.pk

    def __str__(self) -> str:
        return f"{self.household.household_no} {self.household.head_name}"


def rows_for(user: User, right: str, area_code: str) -> QuerySet[ImportRow]:
    """Refused rows of rosters from inside the chosen place whose person is registered where `user` decides as well."""
    rosters = RosterImport.objects.visible_to(user, right).within(area_code).filter(state__in=OPEN)
    rows = ImportRow.objects.filter(
        roster_import__in=rosters, state=ImportRow.State.FAULTY, issue_codes__contains=[CODE]
    )
    rows = rows.annotate(person=RawSQL(_PERSON, [], output_field=CharField()))  # noqa: S611 - a constant
    known = Household.objects.visible_to(user, right).filter(id_number_index=OuterRef("person"))
    return rows.filter(Exists(known)).select_related("roster_import__area", "roster_import__uploaded_by", "village")


def claims(rows: Iterable[Any], user: User, right: str) -> list[Claim]:
    """The rows of one page with their households, in one further query."""
    found = list(rows)
    indexes = [row.person for row in found]
    known = Household.objects.visible_to(user, right).filter(id_number_index__in=indexes).select_related("area")
    by_person = {one.id_number_index: one for one in known.prefetch_related("dwellings")}
    return [Claim(row, by_person[row.person]) for row in found if row.person in by_person]
