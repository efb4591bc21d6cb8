"""Projects: entered, corrected, moved on with their papers, measured in their own units, their costs shared out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.acting import acting
from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.refusals import Refused
from households.models import Dwelling
from programmes.models import PlannedFunds, Programme
from retrofits import project_states
from retrofits.models import (
    CostShare,
    Project,
    ProjectFunds,
    ProjectMeasure,
    ProjectPaper,
    ProjectProgress,
    SharedCost,
)
from retrofits.services.enterprises import ENTER, may
from retrofits.services.project_air import refuse_dirty
from retrofits.shares import split_cost

FIELDS = (
    "name", "subject", "works", "venue", "building", "technology", "lead_unit", "responsible_units",
    "cooperating_units", "year_from", "year_to", "clause", "note",
)  # fmt: skip

OF_BUILDING = (Project.Subject.BUILDING, Project.Subject.DWELLINGS, Project.Subject.BOILER)


@transaction.atomic
def enter_project(*, programme: Programme, area: Area, code: str, values: Mapping[str, Any], by: User) -> Project:
    """A new project. Raises `Refused` PROJECT_FAULTY, PROJECT_KNOWN (409)."""
    may(by, ENTER, area.code)
    if not is_inside(area.code, programme.area_id):
        raise Refused("PROJECT_FAULTY", _("%(place)s lies outside the programme."), place=area.name)
    project = Project(
        programme=programme, area=area, code=code.strip(), **{k: values[k] for k in FIELDS if k in values}
    )
    _refuse_faulty(project)
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError as error:
        words = _("There is a project %(code)s already.")
        raise Refused("PROJECT_KNOWN", words, conflict=True, code=code) from error
    return project


@transaction.atomic
def edit_project(*, project: Project, version: int, values: Mapping[str, Any], reason: str, by: User) -> Project:
    """Correct a project, with a reason. Raises `Refused` REASON_MISSING, PROJECT_CHANGED (409), PROJECT_FAULTY."""
    kept = _locked(project, by)
    if kept.version != version:
        raise Refused("PROJECT_CHANGED", _("Somebody changed this project meanwhile. Open it again."), conflict=True)
    _refuse_unreasoned(reason)
    for name in FIELDS:
        if name in values:
            setattr(kept, name, values[name])
    _refuse_faulty(kept)
    kept.version += 1
    with acting(by, reason.strip()[:300]):
        kept.save()
    return kept


def _refuse_faulty(project: Project) -> None:
    if not project.code or not project.name.strip():
        raise Refused("PROJECT_FAULTY", _("A project needs a number and a name."))
    if project.subject not in Project.Subject.values or project.works not in Project.Works.values:
        raise Refused("PROJECT_FAULTY", _("Choose the subject and the kind of work."))
    if not 2000 <= project.year_from <= project.year_to <= 2100:
        words = _("The years %(first)s to %(last)s are not in order.")
        raise Refused("PROJECT_FAULTY", words, first=project.year_from, last=project.year_to)
    _refuse_other_subject(project)


def _refuse_other_subject(project: Project) -> None:
    """A venue is named where the venue is the subject, and lies in the project's place; so does the route."""
    if project.venue_id and project.subject != Project.Subject.VENUE:
        raise Refused("PROJECT_FAULTY", _("A venue is chosen only where the subject is a public venue."))
    if project.venue and not is_inside(project.venue.area_id, project.area_id):
        words = _("%(venue)s lies outside the project's place.")
        raise Refused("PROJECT_FAULTY", words, venue=project.venue.name)
    if project.building_id and project.subject not in OF_BUILDING:
        words = _("A building is chosen only where the subject is a building, its homes or its boiler.")
        raise Refused("PROJECT_FAULTY", words)
    if project.building and not is_inside(project.building.area_id, project.area_id):
        words = _("%(building)s lies outside the project's place.")
        raise Refused("PROJECT_FAULTY", words, building=project.building.name)
    if project.technology and project.technology.programme_id != project.programme_id:
        raise Refused("PROJECT_FAULTY", _("The technology belongs to another programme."))


def _refuse_unreasoned(reason: str) -> None:
    if not reason.strip():
        raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))


def _locked(project: Project, by: User) -> Project:
    kept: Project = Project.objects.select_for_update(of=("self",)).select_related("programme").get(pk=project.pk)
    may(by, ENTER, kept.area_id)
    return kept


@transaction.atomic
def add_measure(
    *, project: Project, name: str, unit: str, planned: Decimal, is_within: bool = False, by: User
) -> ProjectMeasure:
    """What the project builds, in its own unit. A second entry replaces the plan. Raises `Refused` MEASURE_FAULTY."""
    kept = _locked(project, by)
    if unit not in ProjectMeasure.Unit.values or not name.strip() or planned <= 0:
        raise Refused("MEASURE_FAULTY", _("Say what is built, its unit, and a quantity of more than zero."))
    made, _new = ProjectMeasure.objects.update_or_create(
        project=kept, name=name.strip()[:80], unit=unit, defaults={"planned": planned, "is_within": is_within}
    )
    return made


@transaction.atomic
def record_progress(
    *, measure: ProjectMeasure, on: date, done: Decimal, note: str = "", by: User, today: date | None = None
) -> ProjectProgress:
    """How much is done altogether by a day. Raises `Refused` PROGRESS_FAULTY, PROGRESS_BACK (less, without a note)."""
    project = _locked(measure.project, by)
    if project.state != Project.State.BUILDING:
        raise Refused(
            "PROJECT_STATE", _("Progress is recorded while the project is under construction."), conflict=True
        )
    if on > (today or clock.today()) or done < 0:
        raise Refused("PROGRESS_FAULTY", _("The day must not lie in the future, the quantity not below zero."))
    before = measure.progress.filter(on__lte=on).order_by("-on", "-id").first()
    if before and done < before.done and not note.strip():
        words = _("%(before)s were done by %(day)s already; say why it is less now.")
        raise Refused("PROGRESS_BACK", words, before=before.done, day=before.on)
    made, _new = ProjectProgress.objects.update_or_create(
        measure=measure, on=on, defaults={"done": done, "note": note.strip()[:300], "recorded_by": by}
    )
    return made


@transaction.atomic
def file_paper(
    *, project: Project, kind: str, number: str, issuer: str, dated_on: date, by: User, today: date | None = None
) -> ProjectPaper:
    """A paper of the project. Raises `Refused` PAPER_FAULTY, PAPER_KNOWN."""
    kept = _locked(project, by)
    if kind not in ProjectPaper.Kind.values or not number.strip() or not issuer.strip():
        raise Refused("PAPER_FAULTY", _("A paper needs its kind, its number and who issued it."))
    if dated_on > (today or clock.today()):
        raise Refused("PAPER_FAULTY", _("A paper can't be of a future day (%(day)s)."), day=dated_on)
    if kept.papers.filter(kind=kind, number=number.strip()).exists():
        raise Refused("PAPER_KNOWN", _("The paper %(number)s is filed already."), conflict=True, number=number)
    return ProjectPaper.objects.create(
        project=kept, kind=kind, number=number.strip()[:80], issuer=issuer.strip()[:120], dated_on=dated_on,
        recorded_by=by,
    )  # fmt: skip


@transaction.atomic
def set_funds(*, project: Project, amounts: Mapping[str, int], total_fen: int | None, by: User) -> Project:
    """Planned money by source, in fen; with a stated total the sources must add up to it (L-15).

    Raises `Refused` FUNDS_FAULTY, FUNDS_SUM.
    """
    kept = _locked(project, by)
    strange = [source for source in amounts if source not in PlannedFunds.Source.values]
    if strange or any(amount < 0 for amount in amounts.values()):
        raise Refused("FUNDS_FAULTY", _("Sources of the programme and amounts of zero or more are expected."))
    if total_fen is not None and sum(amounts.values()) != total_fen:
        words = _("the sources add up to %(found)s fen, the total says %(stated)s fen")
        raise Refused("FUNDS_SUM", words, found=sum(amounts.values()), stated=total_fen)
    kept.funds.exclude(source__in=list(amounts)).delete()
    for source, amount in amounts.items():
        ProjectFunds.objects.update_or_create(project=kept, source=source, defaults={"amount_fen": amount})
    kept.total_fen, kept.version = total_fen, kept.version + 1
    kept.save(update_fields=["total_fen", "version"])
    return kept


@transaction.atomic
def move_project(*, project: Project, deed: str, reason: str = "", by: User) -> Project:
    """One step of the project's life. Raises `Refused` PROJECT_STATE (409), PAPERS_MISSING, NOT_MEASURED,
    REASON_MISSING; EMISSION_MISSING or EMISSION_ABOVE where a boiler is to be accepted (D-23)."""
    kept = _locked(project, by)
    move = project_states.find(kept, deed)
    if move is None:
        words = _("The project is “%(state)s” by now; load the page again.")
        raise Refused("PROJECT_STATE", words, conflict=True, state=kept.get_state_display())
    if move.needs_reason:
        _refuse_unreasoned(reason)
    _refuse_without_papers(kept, move)
    if move.measured:
        _refuse_unmeasured(kept)
    if move.target == Project.State.ACCEPTED:
        refuse_dirty(kept)
    kept.state, kept.version = move.target, kept.version + 1
    with acting(by, reason.strip()[:300]):
        kept.save(update_fields=["state", "version"])
    return kept


def _refuse_without_papers(project: Project, move: project_states.ProjectMove) -> None:
    held = set(project.papers.values_list("kind", flat=True))
    labels = dict(ProjectPaper.Kind.choices)
    missing = [" / ".join(str(labels[one]) for one in group) for group in move.papers if not held & set(group)]
    if missing:
        raise Refused("PAPERS_MISSING", _("Papers are missing: %(papers)s."), papers="、".join(missing))


def _refuse_unmeasured(project: Project) -> None:
    lacking = []
    for measure in project.measures.all():
        last = measure.progress.first()
        if last is None or last.done < measure.planned:
            lacking.append(f"{measure.name} {last.done if last else '—'} / {measure.planned}")
    if lacking:
        raise Refused("NOT_MEASURED", _("The plan is not reached: %(measures)s."), measures="、".join(lacking))


# --- Shared cost --------------------------------------------------------------------------------------------------


@transaction.atomic
def share_cost(
    *,
    project: Project,
    name: str,
    amount_fen: int,
    split_by: str,
    dwellings: Sequence[Dwelling],
    persons: Mapping[int, int] | None = None,
    by: User,
) -> SharedCost:
    """Split a cost over dwellings by heated area, by persons (`persons`: dwelling key → number) or evenly, in the
    order of their numbers; the last takes the rest. Raises `Refused` SHARE_FAULTY naming the dwelling without a
    figure, SHARE_KNOWN. A cost of the same name split by another key is laid anew."""
    kept = _locked(project, by)
    homes = sorted(dwellings, key=lambda home: home.dwelling_no)
    if not homes or amount_fen < 0 or not name.strip():
        raise Refused("SHARE_FAULTY", _("Name the cost, an amount of zero or more, and at least one dwelling."))
    weights = _weights(homes, split_by, persons or {})
    known = kept.shared_costs.filter(name=name.strip())
    known.exclude(split_by=split_by).delete()
    if known.exists():
        raise Refused("SHARE_KNOWN", _("“%(name)s” is shared out already."), conflict=True, name=name)
    cost = SharedCost.objects.create(
        project=kept, name=name.strip()[:80], amount_fen=amount_fen, split_by=split_by, recorded_by=by
    )
    parts = zip(homes, weights, split_cost(amount_fen, weights), strict=True)
    CostShare.objects.bulk_create(
        [CostShare(cost=cost, dwelling=home, area_id=home.area_id, weight=weight, amount_fen=part)
         for home, weight, part in parts], batch_size=500,
    )  # fmt: skip
    return cost


def _weights(homes: Sequence[Dwelling], split_by: str, persons: Mapping[int, int]) -> list[Decimal]:
    if split_by not in SharedCost.By.values:
        raise Refused("SHARE_FAULTY", _("Choose how the cost is split."))
    if split_by == SharedCost.By.EVEN:
        return [Decimal(1)] * len(homes)
    figures = {
        home.pk: home.heated_area_m2 if split_by == SharedCost.By.AREA else persons.get(home.pk) for home in homes
    }
    lacking = [home.dwelling_no for home in homes if not figures[home.pk]]
    if lacking:
        raise Refused("SHARE_FAULTY", _("No figure to split by: %(homes)s."), homes="、".join(lacking[:10]))
    return [Decimal(figures[home.pk] or 0) for home in homes]
