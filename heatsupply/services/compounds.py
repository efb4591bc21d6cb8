"""Compounds: shared pipes handed over and kept, new facilities accepted before use, works that save heat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.refusals import Refused
from heatsupply.models import Compound, EfficiencyWork, ExchangeStation, HeatingCompany
from heatsupply.services.permits import demand_keeper, demand_manager, inside

USE_GATE = "B-18"


@dataclass(frozen=True)
class Plot:
    """What is known of a compound when it is entered."""

    name: str
    homes: int
    heated_area_m2: int
    pipe_owner: str
    is_new: bool = False
    built_year: int | None = None
    metered_homes: int = 0


@transaction.atomic
def add_compound(
    *, company: HeatingCompany, area: Area, plot: Plot, station: ExchangeStation | None = None, by: User
) -> Compound:
    """Raises `Refused` COMPOUND_FAULTY, COMPOUND_KNOWN, PLACE_ELSEWHERE."""
    demand_keeper(by, company)
    inside(area.code, company.area_id)
    if not plot.name.strip() or plot.homes <= 0 or plot.heated_area_m2 <= 0 or plot.metered_homes > plot.homes:
        said = _("A compound needs a name, homes and a heated area; not more homes are metered than there are.")
        raise Refused("COMPOUND_FAULTY", said)
    if station is not None and station.network.company_id != company.pk:
        raise Refused("COMPOUND_FAULTY", _("This station belongs to another company."))
    if Compound.objects.filter(area=area, name=plot.name.strip()).exists():
        raise Refused("COMPOUND_KNOWN", _("“%(name)s” is registered already."), conflict=True, name=plot.name.strip())
    return Compound.objects.create(
        company=company, area=area, station=station, name=plot.name.strip()[:80], homes=plot.homes,
        heated_area_m2=plot.heated_area_m2, pipe_owner=plot.pipe_owner, is_new=plot.is_new,
        built_year=plot.built_year, metered_homes=plot.metered_homes,
    )  # fmt: skip


def _locked(compound: Compound) -> Compound:
    return Compound.objects.select_for_update().get(pk=compound.pk)  # type: ignore[no-any-return]


def _keep(compound: Compound, **values: object) -> Compound:
    for name, value in values.items():
        setattr(compound, name, value)
    compound.version += 1
    compound.save(update_fields=[*values, "version"])
    return compound


@transaction.atomic
def accept_facilities(
    *, compound: Compound, accepted_on: date, accepted_by: str, acceptance_no: str, by: User, today: date
) -> Compound:
    """The heat facilities of a new compound were accepted; the county records it, never the company.

    Raises `Refused` ACCEPTANCE_FAULTY, COMPOUND_STATE (409).
    """
    demand_manager(by, compound.area_id)
    kept = _locked(compound)
    if not kept.is_new or kept.accepted_on:
        raise Refused("COMPOUND_STATE", _("Nothing of it waits to be accepted."), conflict=True)
    if not (accepted_by.strip() and acceptance_no.strip()) or accepted_on > today:
        raise Refused("ACCEPTANCE_FAULTY", _("An acceptance needs who accepted, its report and a day up to today."))
    return _keep(kept, accepted_on=accepted_on, accepted_by=accepted_by.strip()[:120],
                 acceptance_no=acceptance_no.strip()[:60])  # fmt: skip


@transaction.atomic
def start_use(*, compound: Compound, on: date, by: User) -> Compound:
    """Heat flows. Facilities of a new compound that nobody accepted are refused with the clause (B-18).

    Raises `Refused` FACILITIES_NOT_ACCEPTED, COMPOUND_STATE (409).
    """
    demand_keeper(by, compound)
    kept = _locked(compound)
    if kept.in_use_since:
        raise Refused("COMPOUND_STATE", _("It is in use already."), conflict=True)
    if kept.is_new and (kept.accepted_on is None or on < kept.accepted_on):
        said = _("The heat facilities of %(name)s are not accepted; they may not be used before (%(clause)s).")
        raise Refused("FACILITIES_NOT_ACCEPTED", said, name=kept.name, clause=USE_GATE)
    return _keep(kept, in_use_since=on)


@transaction.atomic
def hand_over(
    *, compound: Compound, company: HeatingCompany, handed_over_on: date, handover_no: str, by: User
) -> Compound:
    """Renewed shared pipes go to the heating company, which keeps them at its own operating cost (B-17, B-43).

    Raises `Refused` HANDOVER_FAULTY, COMPOUND_STATE (409).
    """
    demand_manager(by, compound.area_id)
    kept = _locked(compound)
    if kept.handed_over_on:
        raise Refused("COMPOUND_STATE", _("It is handed over already."), conflict=True)
    if not handover_no.strip() or kept.renewed_year is None:
        said = _("Pipes are handed over after they were renewed, with the number of the paper.")
        raise Refused("HANDOVER_FAULTY", said)
    return _keep(
        kept, company=company, handed_over_on=handed_over_on, handover_no=handover_no.strip()[:60],
        keeper=Compound.Keeper.COMPANY, cost_owner=Compound.Cost.OPERATING, pipe_owner=Compound.Owner.COMPANY,
    )  # fmt: skip


@transaction.atomic
def settle_keeper(
    *, compound: Compound, keeper: str, cost_owner: str, renewed_year: int | None = None, by: User
) -> Compound:
    """Who maintains the shared pipes, at whose cost, and when they were renewed (B-17).

    Raises `Refused` KEEPER_FAULTY; after the hand-over the company keeps them (409).
    """
    demand_manager(by, compound.area_id)
    kept = _locked(compound)
    if kept.handed_over_on:
        raise Refused("COMPOUND_STATE", _("It is handed over; the heating company keeps it."), conflict=True)
    if keeper not in Compound.Keeper.values or cost_owner not in Compound.Cost.values or not (keeper and cost_owner):
        raise Refused("KEEPER_FAULTY", _("Name who maintains the pipes and at whose cost."))
    return _keep(kept, keeper=keeper, cost_owner=cost_owner, renewed_year=renewed_year or kept.renewed_year)


@transaction.atomic
def plan_work(*, compound: Compound, kind: str, year: int, homes: int, by: User) -> EfficiencyWork:
    """Works that save heat (B-22). Raises `Refused` WORK_FAULTY, WORK_KNOWN."""
    demand_keeper(by, compound)
    if kind not in EfficiencyWork.Kind.values or not 0 < homes <= compound.homes:
        said = _("Choose the work and a number of homes up to the %(homes)s of the compound.")
        raise Refused("WORK_FAULTY", said, homes=compound.homes)
    if compound.works.filter(kind=kind, year=year).exists():
        raise Refused("WORK_KNOWN", _("This work stands in the register of that year already."), conflict=True)
    return EfficiencyWork.objects.create(compound=compound, kind=kind, year=year, homes=homes)


@transaction.atomic
def finish_work(*, work: EfficiencyWork, done_on: date, by: User) -> EfficiencyWork:
    """Finished; homes converted to heating one by one count as metered. Raises `Refused` WORK_STATE, WORK_FAULTY."""
    demand_keeper(by, work)
    if work.done_on:
        raise Refused("WORK_STATE", _("It is finished already."), conflict=True)
    if work.kind == EfficiencyWork.Kind.HOUSEHOLD:
        kept = _locked(work.compound)
        if kept.metered_homes + work.homes > kept.homes:
            said = _("With these %(homes)s homes more would be metered than there are.")
            raise Refused("WORK_FAULTY", said, homes=work.homes)
        _keep(kept, metered_homes=kept.metered_homes + work.homes)
    work.done_on = done_on
    work.save(update_fields=["done_on"])
    return work
