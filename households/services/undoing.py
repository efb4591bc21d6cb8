"""Take a whole import back: what it made goes, what it replaced returns, and history keeps both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acting import acting
from accounts.models import User
from core import clock
from core.refusals import Refused
from households.indexes import door_index
from households.models import (
    DuplicatePair,
    Dwelling,
    Enrolment,
    HandEdit,
    Household,
    ImportRow,
    RosterImport,
    RosterRow,
)
from households.provenance import OF_FAMILY
from households.services import class_periods
from households.services.applying import lock_register
from households.services.bulk import update_rows
from households.services.imports import UNDO, lock_import
from households.services.storing import set_derived
from jobs.models import Job
from jobs.services import enqueue

Outcome = ImportRow.Outcome
MADE = (Outcome.CREATED, Outcome.SECOND_HOME)
_PIECE = 2_000
_SHOWN = 5


@dataclass(frozen=True)
class Blocker:
    """One kind of thing that stands on rows of the import: how many, and the first dwellings."""

    what: str
    count: int
    dwellings: tuple[str, ...]


def blockers(roster_import: RosterImport) -> list[Blocker]:
    """Everything that keeps the import from being taken back; empty when it can be."""
    rows = _applied(roster_import)
    made = rows.filter(outcome__in=MADE).values("dwelling")
    families = rows.filter(outcome=Outcome.CREATED).values("dwelling__household")
    found = [
        *_standing_on(Dwelling, made, roster_import),
        *_standing_on(Household, families, roster_import),
        *_on_lists(roster_import, rows),
        _later_edits(rows),
        _later_imports(roster_import, rows),
    ]
    return _joined([one for one in found if one.count])


def _joined(found: list[Blocker]) -> list[Blocker]:
    """One line for what has one name, the largest number first: two relations may speak of the same rows."""
    lines: dict[str, Blocker] = {}
    for one in found:
        known = lines.get(one.what)
        if known is None:
            lines[one.what] = one
        else:
            shown = tuple(dict.fromkeys((*known.dwellings, *one.dwellings)))[:_SHOWN]
            lines[one.what] = Blocker(one.what, max(known.count, one.count), shown)
    return sorted(lines.values(), key=lambda one: -one.count)


def request_undo(*, roster_import: RosterImport, by: User, reason: str) -> Job:
    """Ask for the whole import to be taken back; asking twice is harmless.

    Raises Refused: REASON_NEEDED, NOTHING_STORED, STANDS_ON_IT.
    """
    under_way = Job.objects.open().filter(kind=UNDO, args__import_id=roster_import.pk).first()
    if under_way is not None:
        return under_way
    _refuse(roster_import, reason)
    args = {"import_id": roster_import.pk, "reason": reason.strip()[:150]}
    return enqueue(kind=UNDO, args=args, by=by, area=roster_import.area)


@transaction.atomic
def undo_import(
    import_id: int, *, by: User, reason: str, step: Callable[[int, int], None] = lambda _done, _total: None
) -> int:
    """Take back every stored row, all or none; returns how many. Raises Refused as `request_undo`."""
    locked = lock_import(import_id)
    lock_register()
    _refuse(locked, reason)
    with acting(by, reason=f"roster import {import_id} taken back: {reason.strip()}"[:300]):
        keys = list(_applied(locked).order_by("-pk").values_list("pk", flat=True))
        for start in range(0, len(keys), _PIECE):
            step(start, len(keys))
            _undo_rows(locked, keys[start : start + _PIECE])
        told = {"rows": len(keys), "by": by.person_name, "at": clock.now().isoformat(), "reason": reason.strip()}
        locked.state, locked.version = RosterImport.State.VOID, locked.version + 1
        locked.counts = {**locked.counts, "undone": told}
        locked.save(update_fields=["state", "version", "counts"])
    return len(keys)


def _refuse(roster_import: RosterImport, reason: str) -> None:
    if not reason.strip():
        raise Refused("REASON_NEEDED", gettext_lazy("Say in a few words why the import is taken back."))
    if not _applied(roster_import).exists():
        raise Refused(
            "NOTHING_STORED", gettext_lazy("Nothing of this import stands in the register (any more)."), conflict=True
        )
    found = blockers(roster_import)
    if found:
        raise Refused(
            "STANDS_ON_IT",
            gettext_lazy("The import can't be taken back, because other work stands on it: %(what)s."),
            conflict=True,
            what="、".join(f"{one.what} {one.count}" for one in found),
        )


def _applied(roster_import: RosterImport) -> QuerySet[ImportRow]:
    return roster_import.rows.filter(state=ImportRow.State.APPLIED)


# --- what blocks ---------------------------------------------------------------------------------------------


WORDS: dict[str, Any] = {
    "households.Dwelling": gettext_lazy("further dwellings entered since"),
    "households.Household": gettext_lazy("households merged into them"),
    "households.MeterReading": gettext_lazy("meter readings"),
    "households.MeterSupply": gettext_lazy("meters of the house"),
    "households.Document": gettext_lazy("papers in the file"),
    "households.RosterRow": gettext_lazy("rows of village lists"),
    "households.ChangeRequest": gettext_lazy("change requests"),
    "households.DuplicatePair": gettext_lazy("merged double entries"),
    "households.Merge": gettext_lazy("merged double entries"),
    "households.Enrolment": gettext_lazy("put forward by somebody else too"),
    "devices.Heater": gettext_lazy("heaters of the house"),
    "retrofits.Task": gettext_lazy("tasks of the works"),
    "retrofits.CostShare": gettext_lazy("shares of costs"),
    "retrofits.TransitionalHome": gettext_lazy("homes of the transition"),
    "retrofits.PvPlant": gettext_lazy("photovoltaics on the roof"),
    "subsidies.Entitlement": gettext_lazy("calculated subsidies"),
    "subsidies.StatedFact": gettext_lazy("facts stated for the house"),
    "subsidies.PolicyTrialRow": gettext_lazy("lines of a policy's trial"),
    "subsidies.Clawback": gettext_lazy("clawbacks"),
    "subsidies.FundHold": gettext_lazy("money held back for them"),
    "supervision.Case": gettext_lazy("cases of supervision"),
    "heatsupply.FeeAccount": gettext_lazy("heat fee accounts"),
    "heatsupply.CoalSale": gettext_lazy("sales of clean coal"),
    "supervision.PublicityMark": gettext_lazy("leaflets handed out"),
}
"""What a row of each table is called where it stands in the way."""


def holding(model: type[models.Model]) -> list[Any]:
    """Every relation of any table that keeps a row of `model` from being deleted, hidden ones too."""
    found = (one for one in model._meta.get_fields(include_hidden=True) if one.auto_created and not one.concrete)
    return [one for one in found if one.is_relation and one.on_delete is models.PROTECT]  # type: ignore[union-attr]


def _standing_on(model: type[models.Model], keys: Any, roster_import: RosterImport) -> Iterator[Blocker]:
    """Rows of any table that hold on to what the import made: rosters, tasks, entitlements, papers, meters …"""
    for relation in holding(model):
        other, name = relation.related_model, relation.field.name
        held = other._default_manager.filter(**{f"{name}__in": keys})
        if other is Enrolment:
            held = held.exclude(source_import=roster_import)
        elif other is Dwelling:
            held = held.exclude(pk__in=_applied(roster_import).filter(outcome__in=MADE).values("dwelling"))
        elif other is DuplicatePair:
            held = held.filter(merges__isnull=False)  # others say nothing once one side is gone
        shown = f"{name}__dwelling_no" if model is Dwelling else f"{name}__household_no"
        yield _blocker(str(WORDS.get(other._meta.label, other._meta.verbose_name)), held, shown)


def _blocker(what: str, held: Any, column: str) -> Blocker:
    count = held.order_by().count()
    shown = held.order_by().values_list(column, flat=True).distinct()[:_SHOWN] if count and column else ()
    return Blocker(what, count, tuple(map(str, shown)))


def _on_lists(roster_import: RosterImport, rows: QuerySet[ImportRow]) -> Iterator[Blocker]:
    """Households known before that this import put forward stand on a village list since."""
    put_forward = rows.exclude(outcome__in=MADE).filter(written__contains=["technology"])
    held = RosterRow.objects.filter(
        roster__programme=roster_import.programme_id, dwelling__in=put_forward.values("dwelling")
    )
    yield _blocker(_("rows of village lists"), held, "dwelling__dwelling_no")


def _later_edits(rows: QuerySet[ImportRow]) -> Blocker:
    first = rows.order_by("applied_at").values_list("applied_at", flat=True).first()
    households = rows.filter(written__len__gt=0).values("dwelling__household")
    held = HandEdit.objects.filter(household__in=households, at__gt=first) if first else HandEdit.objects.none()
    return _blocker(_("values corrected by hand since"), held, "household__household_no")


def _later_imports(roster_import: RosterImport, rows: QuerySet[ImportRow]) -> Blocker:
    """Rows of other imports that found these households in the register and relied on them."""
    others = ImportRow.objects.filter(state=ImportRow.State.APPLIED).exclude(roster_import=roster_import)
    first = rows.order_by("applied_at").values_list("applied_at", flat=True).first()
    held = others.filter(dwelling__household__in=rows.values("dwelling__household"), applied_at__gte=first)
    return _blocker(_("rows of later imports"), held if first else others.none(), "dwelling__dwelling_no")


# --- taking back ---------------------------------------------------------------------------------------------


def _undo_rows(roster_import: RosterImport, keys: Sequence[int]) -> None:
    """Later rows first: the caller goes backwards, so that a value returns to what it was before the first."""
    found = ImportRow.objects.filter(pk__in=keys).select_related("dwelling__household").defer("raw", "values", "issues")
    rows = list(found.order_by("-pk"))
    made = [row.dwelling_id for row in rows if row.outcome in MADE]
    families = [row.dwelling.household_id for row in rows if row.dwelling and row.outcome == Outcome.CREATED]
    for row in rows:
        if row.dwelling is not None and row.outcome not in (Outcome.CREATED, Outcome.UNCHANGED):
            _bring_back(row, row.dwelling)
    Enrolment.objects.filter(source_import=roster_import, dwelling__in=made).delete()
    for row in rows:
        row.state, row.dwelling, row.version = ImportRow.State.UNDONE, None, row.version + 1
    update_rows(ImportRow, rows, ["state", "dwelling", "version"])
    DuplicatePair.objects.filter(Q(first__in=made) | Q(second__in=made), merges__isnull=True).delete()
    Dwelling.objects.filter(pk__in=made).delete()
    Household.objects.filter(pk__in=families).exclude(dwellings__isnull=False).delete()


def _bring_back(row: ImportRow, home: Dwelling) -> None:
    before: dict[str, Any] = row.before or {}
    is_new = row.outcome in MADE
    family = {name: before.get(name) for name in row.written if name in OF_FAMILY}
    own = {name: before.get(name) for name in row.written if name not in OF_FAMILY | {"technology"}}
    _restore(home.household, family)
    if not is_new:
        _restore(home, own)
        if "technology" in row.written:
            _restore_route(row, home, before.get("technology"))


def _restore(target: Household | Dwelling, values: dict[str, Any]) -> None:
    if not values:
        return
    classes = list(target.beneficiary_classes) if isinstance(target, Household) else []
    for name, value in values.items():
        setattr(target, name, _emptied(target, name) if value is None else _typed(name, value))
    changed = list(values)
    if isinstance(target, Household):
        changed += set_derived(target, changed)
        class_periods.follow(target, classes, since=clock.today())
    elif "door_no" in values:
        target.door_no_index = door_index(target.area_id, str(target.door_no))
        changed.append("door_no_index")
    target.version += 1
    target.save(update_fields=[*changed, "version"])


def _typed(name: str, value: Any) -> Any:
    return Decimal(value) if name == "heated_area_m2" else value


def _emptied(target: models.Model, name: str) -> Any:
    if name == "beneficiary_classes":
        return []
    return None if target._meta.get_field(name).null else ""


def _restore_route(row: ImportRow, home: Dwelling, before: list[int] | None) -> None:
    mine = Enrolment.objects.filter(dwelling=home, source_import=row.roster_import_id)
    if before is None:
        mine.delete()
        return
    technology, entered_by, source = before
    for enrolment in mine:
        enrolment.technology_id, enrolment.entered_by_id, enrolment.source_import_id = technology, entered_by, source
        enrolment.save(update_fields=["technology", "entered_by", "source_import"])
