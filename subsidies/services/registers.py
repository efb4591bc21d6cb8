"""Money beside the households': construction money by progress (L-21), awards of towns (L-22)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.areas import is_inside
from core.money import format_yuan
from core.refusals import Refused
from programmes.models import Programme
from retrofits.models import Project
from subsidies.models import ProjectPayment, TownAward
from subsidies.services.locking import demand_right

RIGHT = "funds.record"
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Standing:
    """A project's money by source, and how far its works have come. Fen; `percent` None: nothing is measured."""

    project: Project
    planned: dict[str, int]
    paid: dict[str, int]
    percent: Decimal | None

    @property
    def planned_fen(self) -> int:
        return sum(self.planned.values())

    @property
    def paid_fen(self) -> int:
        return sum(self.paid.values())

    @property
    def payable_fen(self) -> int:
        """What the progress allows in all, less what was paid; never below 0."""
        share = self.percent if self.percent is not None else Decimal(0)
        return max(0, int(self.planned_fen * share / HUNDRED) - self.paid_fen)


def standings(projects: QuerySet[Project]) -> list[Standing]:
    """Of each project, in five queries whatever their number."""
    return [_standing(project) for project in projects.prefetch_related("funds", "payments", "measures__progress")]


@transaction.atomic
def pay_project(
    *, project: Project, source: str, budget_year: int, amount_fen: int, document_no: str, request_id: UUID, by: User,
    on: dt.date | None = None, now: dt.datetime | None = None,
) -> ProjectPayment:  # fmt: skip
    """Write down construction money paid out. The same `request_id` again: the first.

    Raises Refused AMOUNT, DOCUMENT_NEEDED, PLAN_EXCEEDED (more than is planned of the source), AHEAD_OF_PROGRESS.
    """
    demand_right(by, RIGHT, project.area_id)
    kept = Project.objects.select_for_update().get(pk=project.pk)
    earlier = ProjectPayment.objects.filter(request_id=request_id).first()
    if earlier is not None:
        return earlier
    if amount_fen <= 0:
        raise Refused("AMOUNT", _("An amount paid is more than zero."))
    if not document_no.strip():
        raise Refused("DOCUMENT_NEEDED", _("Name the document by which the money was paid."))
    state = _standing(kept)
    left = state.planned.get(source, 0) - state.paid.get(source, 0)
    if amount_fen > left:
        words = _("Of this source %(left)s yuan of the project's plan are left.")
        raise Refused("PLAN_EXCEEDED", words, left=format_yuan(max(left, 0)))
    if amount_fen > state.payable_fen:
        words = _("The works stand at %(percent)s %%: by their progress %(left)s yuan can be paid now.")
        percent = "0" if state.percent is None else f"{state.percent:f}"
        raise Refused("AHEAD_OF_PROGRESS", words, percent=percent, left=format_yuan(state.payable_fen))
    return ProjectPayment.objects.create(
        project=kept, area_id=kept.area_id, source=source, budget_year=budget_year, amount_fen=amount_fen,
        progress_percent=state.percent or 0, document_no=document_no.strip()[:80], request_id=request_id,
        on=on or clock.today(), recorded_by=by, recorded_at=now or clock.now(),
    )  # fmt: skip


@transaction.atomic
def award_town(
    *, programme: Programme, town: Area, year: int, words: str, document_no: str, by: User,
    amount_fen: int | None = None, now: dt.datetime | None = None,
) -> TownAward:  # fmt: skip
    """Write down that a town was awarded. No rule gives an amount: without one decided it stays undefined.

    Raises Refused REASON_NEEDED, DOCUMENT_NEEDED, AMOUNT, PLACE_OUTSIDE, KNOWN.
    """
    demand_right(by, RIGHT, programme.area_id)
    if not words.strip():
        raise Refused("REASON_NEEDED", _("Say in a few words why."))
    if not document_no.strip():
        raise Refused("DOCUMENT_NEEDED", _("Name the document by which it was decided."))
    if amount_fen is not None and amount_fen <= 0:
        raise Refused("AMOUNT", _("An amount paid is more than zero."))
    if town.level != "town" or not is_inside(town.code, programme.area_id):
        raise Refused("PLACE_OUTSIDE", _("Choose places of this programme."))
    rows = TownAward.objects.filter(programme=programme, area=town, year=year, document_no=document_no.strip()[:80])
    if rows.exists():
        raise Refused("KNOWN", _("This award is written down already."), conflict=True)
    return TownAward.objects.create(
        programme=programme, area=town, year=year, words=words.strip()[:300], amount_fen=amount_fen,
        document_no=document_no.strip()[:80], recorded_by=by, recorded_at=now or clock.now(),
    )  # fmt: skip


def _standing(project: Project) -> Standing:
    planned = {row.source: row.amount_fen for row in project.funds.all()}
    paid: dict[str, int] = {}
    for row in project.payments.all():
        paid[row.source] = paid.get(row.source, 0) + row.amount_fen
    return Standing(project, planned, paid, progress_of(project))


def progress_of(project: Project) -> Decimal | None:
    """Mean of done against planned over the project's measures, to two decimals, none above 100; parts of others (其中)
    do not count beside them. None where nothing is measured."""
    shares = []
    for measure in project.measures.all():
        if not measure.is_within:
            newest = max(measure.progress.all(), key=lambda row: (row.on, row.pk), default=None)
            done = newest.done if newest else Decimal(0)
            shares.append(min(HUNDRED, HUNDRED * done / measure.planned))
    return round(sum(shares, Decimal(0)) / len(shares), 2) if shares else None
