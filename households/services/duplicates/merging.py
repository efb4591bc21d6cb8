"""Two entries of one household become one, and can be parted again: what moved is kept with the merging."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from households import register_queries
from households.holds import refuse_held
from households.models import Document, DuplicatePair, Dwelling, Enrolment, Household, Merge
from households.services.applying import lock_register


@transaction.atomic
def merge_entries(
    *,
    kept: Dwelling,
    gone: Dwelling,
    same_house: bool,
    reason: str,
    by: User,
    pair: DuplicatePair | None = None,
    by_request: bool = False,
    now: dt.datetime | None = None,
) -> Merge:
    """Dissolve the household of `gone` into that of `kept`: its dwellings, enrolments and papers move.

    With `same_house` the two dwellings were one house: `gone` is folded into `kept`, enrolments and papers go over.
    Money and works already recorded for what moves refuse it, and so does an approved list unless the merging was
    asked for and approved (`by_request`).
    Raises Refused: REASON_NEEDED, ONE_HOUSEHOLD, ALREADY_MERGED (conflict), ON_APPROVED_LIST, HELD.
    """
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why they are one household."))
    lock_register()
    stays, goes = _lock(kept, gone)
    homes = list(Dwelling.objects.select_for_update().filter(household=goes).order_by("pk"))
    keys = [home.pk for home in homes]
    if not by_request and register_queries.listed_dwellings(keys):
        raise Refused("ON_APPROVED_LIST", _("%(home)s stands on an approved list. Ask for the merging; the office "
                      "decides it."), home=gone.dwelling_no)  # fmt: skip
    refuse_held(keys)
    with acting(by, reason=reason.strip()[:300]):
        moved = _move_homes(homes, stays, folded=gone.pk if same_house else None, kept=kept)
        if same_house:
            moved |= _move_belongings(gone, kept)
        goes.merged_into = stays
        goes.version += 1
        goes.save(update_fields=["merged_into", "version"])
        return Merge.objects.create(
            pair=pair, kept=stays, dissolved=goes, same_house=same_house, moved=moved, merged_by=by,
            merged_at=now or clock.now(), reason=reason.strip()[:300],
        )  # fmt: skip


@transaction.atomic
def undo_merge(*, merge: Merge, reason: str, by: User, now: dt.datetime | None = None) -> Merge:
    """Take a merging back: everything that moved returns to where it was.

    Raises Refused: REASON_NEEDED, ALREADY_UNDONE (conflict), MOVED_ON (conflict), ON_APPROVED_LIST, HELD.
    """
    if not reason.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why they are two households."))
    lock_register()
    kept = Merge.objects.select_for_update(of=("self",)).select_related("dissolved").get(pk=merge.pk)
    if kept.undone_at is not None:
        raise Refused("ALREADY_UNDONE", _("This merging was taken back already."), conflict=True)
    homes = _moved_homes(kept)
    if register_queries.listed_dwellings(list(homes)):
        raise Refused("ON_APPROVED_LIST", _("What was merged stands on an approved list by now."))
    refuse_held(list(homes))
    with acting(by, reason=reason.strip()[:300]):
        _move_back(kept, homes)
        kept.undone_by, kept.undone_at = by, now or clock.now()
        kept.save(update_fields=["undone_by", "undone_at"])
    return kept


def _lock(kept: Dwelling, gone: Dwelling) -> tuple[Household, Household]:
    """Both households as they stand now, locked in one order."""
    if kept.household_id == gone.household_id:
        raise Refused("ONE_HOUSEHOLD", _("Both belong to one household already."))
    pair = Household.objects.select_for_update().filter(pk__in=[kept.household_id, gone.household_id]).order_by("pk")
    found = {household.pk: household for household in pair}
    live = Dwelling.objects.filter(pk__in=[kept.pk, gone.pk], folded_into__isnull=True).values_list("household_id")
    if any(one.merged_into_id for one in found.values()) or {key for (key,) in live} != set(found):
        raise Refused("ALREADY_MERGED", _("One of the two was merged meanwhile. Open the pair again."), conflict=True)
    return found[kept.household_id], found[gone.household_id]


def _move_homes(homes: Iterable[Dwelling], stays: Household, *, folded: int | None, kept: Dwelling) -> dict[str, Any]:
    moved = []
    for home in homes:
        moved.append([home.pk, home.is_second_home])
        home.household = stays
        if home.pk == folded:
            home.folded_into = kept
        else:
            home.is_second_home = True
        home.version += 1
        home.save(update_fields=["household", "folded_into", "is_second_home", "version"])
    return {"dwellings": moved}


def _move_belongings(gone: Dwelling, kept: Dwelling) -> dict[str, Any]:
    """Enrolments and papers of a folded dwelling; of two enrolments in one programme the kept one's stays."""
    known = set(Enrolment.objects.filter(dwelling=kept).values_list("programme_id", flat=True))
    moved, dropped = [], []
    for one in Enrolment.objects.select_for_update().filter(dwelling=gone).order_by("pk"):
        if one.programme_id in known:
            dropped.append(_fields_of(one))
            one.delete()
        else:
            moved.append(one.pk)
            one.dwelling, one.area_id = kept, kept.area_id
            one.save(update_fields=["dwelling", "area"])
    papers = list(Document.objects.filter(dwelling=gone).order_by("pk").values_list("pk", flat=True))
    Document.objects.filter(pk__in=papers).update(dwelling=kept)
    return {"enrolments": moved, "dropped": dropped, "papers": papers, "from": gone.pk, "from_area": gone.area_id}


def _fields_of(one: Enrolment) -> dict[str, Any]:
    names = ("programme_id", "dwelling_id", "area_id", "technology_id", "source_import_id", "entered_by_id")
    return {name: getattr(one, name) for name in names}


def _moved_homes(merge: Merge) -> dict[int, Dwelling]:
    """The dwellings that moved, still where the merging put them."""
    keys = [key for key, _second in merge.moved["dwellings"]]
    found = Dwelling.objects.select_for_update().filter(pk__in=keys, household=merge.kept_id).in_bulk()
    if len(found) != len(keys):
        raise Refused("MOVED_ON", _("A dwelling has moved on since. Part them by hand."), conflict=True)
    return found


def _move_back(merge: Merge, homes: dict[int, Dwelling]) -> None:
    dissolved = Household.objects.select_for_update().get(pk=merge.dissolved_id)
    for key, was_second in merge.moved["dwellings"]:
        home = homes[key]
        home.household, home.is_second_home, home.folded_into = dissolved, was_second, None
        home.version += 1
        home.save(update_fields=["household", "is_second_home", "folded_into", "version"])
    old = merge.moved.get("from")
    if old is not None:
        enrolments = Enrolment.objects.filter(pk__in=merge.moved["enrolments"])
        enrolments.update(dwelling_id=old, area_id=merge.moved["from_area"])
        Enrolment.objects.bulk_create([Enrolment(**fields) for fields in merge.moved["dropped"]])
        Document.objects.filter(pk__in=merge.moved["papers"]).update(dwelling_id=old)
    dissolved.merged_into = None
    dissolved.version += 1
    dissolved.save(update_fields=["merged_into", "version"])
