"""Homes given to inspectors (派单): by agency and contract, never to the installer, done with the visit (T-50)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.refusals import Refused
from programmes.models import Programme
from retrofits.models import Agency, AgencyMember, Task, VisitOrder
from retrofits.sampling import draw
from retrofits.states import not_the_installer

RIGHT = "acceptances.dispatch"
AT_ONCE = 500


@dataclass(frozen=True)
class Given:
    """How many homes were given, and why others were not: (dwelling number, sentence)."""

    given: int
    skipped: list[tuple[str, str]] = field(default_factory=list)


def register_agency(
    *,
    programme: Programme,
    name: str,
    contract_no: str,
    begins_on: date,
    ends_on: date,
    by: User,
    share_percent: int = 100,
) -> Agency:
    """An agency with its contract. Raises `Refused` AGENCY_INCOMPLETE, AGENCY_DAYS, AGENCY_SHARE, AGENCY_TWICE."""
    if not by.has_right(RIGHT, programme.area_id):
        raise PermissionDenied(RIGHT)
    name, contract_no = name.strip(), contract_no.strip()
    if not name or not contract_no:
        raise Refused("AGENCY_INCOMPLETE", _("Name the agency and the number of its contract."))
    if ends_on < begins_on:
        raise Refused("AGENCY_DAYS", _("The contract ends on %(end)s, before it begins."), end=ends_on.isoformat())
    if not 1 <= share_percent <= 100:
        raise Refused("AGENCY_SHARE", _("The share to inspect is a whole number from 1 to 100."))
    if Agency.objects.filter(programme=programme, contract_no=contract_no).exists():
        raise Refused("AGENCY_TWICE", _("Contract %(number)s is registered already."), number=contract_no)
    return Agency.objects.create(
        programme=programme, area_id=programme.area_id, name=name[:80], contract_no=contract_no[:60],
        begins_on=begins_on, ends_on=ends_on, share_percent=share_percent,
    )  # fmt: skip


def add_member(*, agency: Agency, user: User, by: User) -> AgencyMember:
    """An inspector of the agency. Raises `Refused` NOT_AN_INSPECTOR, OTHER_AGENCY."""
    if not by.has_right(RIGHT, agency.area_id):
        raise PermissionDenied(RIGHT)
    if not user.has_right("acceptances.record", agency.area_id) and not user.area_codes_for("acceptances.record"):
        raise Refused("NOT_AN_INSPECTOR", _("%(name)s is no inspector."), name=user.person_name)
    other = AgencyMember.objects.filter(user__person_no=user.person_no, agency__programme=agency.programme)
    found = other.exclude(agency=agency).select_related("agency").first()
    if found:
        words = _("%(name)s works for %(agency)s already.")
        raise Refused("OTHER_AGENCY", words, name=user.person_name, agency=found.agency.name)
    return AgencyMember.objects.get_or_create(agency=agency, user=user)[0]


@transaction.atomic
def give_visits(
    *, agency: Agency, tasks: Sequence[Task], inspector: User, due_on: date, by: User, on: date, seed: str = ""
) -> Given:
    """Give installed homes to an inspector; where the contract asks for a share, as many as that are drawn by `seed`.

    Homes of the inspector's own firm, homes already given and homes in another state are skipped and named. Raises
    `Refused` NOT_OF_AGENCY, CONTRACT_OVER, DUE_PAST, NOTHING_TO_GIVE.
    """
    _may_give(agency, inspector, due_on, by, on)
    given = Given(0)
    ready: list[Task] = []
    taken = set(VisitOrder.objects.filter(task__in=tasks, done_at__isnull=True).values_list("task_id", flat=True))
    for task in tasks[:AT_ONCE]:
        reason = _why_not(task, taken, inspector, by)
        if reason:
            given.skipped.append((task.dwelling.dwelling_no, reason))
        else:
            ready.append(task)
    chosen = _share(ready, agency, seed)
    orders = [
        VisitOrder(task=task, area_id=task.area_id, agency=agency, inspector=inspector, due_on=due_on, given_by=by)
        for task in chosen
    ]
    VisitOrder.objects.bulk_create(orders)
    return Given(len(orders), given.skipped)


def agency_of(task: Task, by: User, on: date) -> Agency | None:
    """The agency a visit counts for: the order's, else the one the inspector works for in this programme."""
    order = VisitOrder.objects.filter(task=task, inspector=by, done_at__isnull=True).select_related("agency").first()
    if order:
        return order.agency
    rows = Agency.objects.filter(programme_id=task.programme_id, members__user=by, begins_on__lte=on, ends_on__gte=on)
    found: Agency | None = rows.order_by("id").first()
    return found


def close_order(*, task: Task, at: datetime) -> None:
    """The home was visited: what was open for it is done."""
    for order in VisitOrder.objects.filter(task=task, done_at__isnull=True):
        order.done_at = at
        order.save(update_fields=["done_at"])


def _may_give(agency: Agency, inspector: User, due_on: date, by: User, on: date) -> None:
    if not by.has_right(RIGHT, agency.area_id):
        raise PermissionDenied(RIGHT)
    if not agency.members.filter(user=inspector).exists():
        words = _("%(name)s does not work for %(agency)s.")
        raise Refused("NOT_OF_AGENCY", words, name=inspector.person_name, agency=agency.name)
    if not agency.begins_on <= on <= agency.ends_on:
        words = _("The contract of %(agency)s runs from %(begin)s to %(end)s.")
        raise Refused("CONTRACT_OVER", words, agency=agency.name, begin=agency.begins_on, end=agency.ends_on)
    if due_on < on:
        raise Refused("DUE_PAST", _("The day by which the homes are visited lies in the past."))


def _why_not(task: Task, taken: set[int], inspector: User, by: User) -> str:
    """In words, "" when the home can be given."""
    if task.state != Task.State.INSTALLED:
        return str(_("is “%(state)s”, not “installed”") % {"state": task.get_state_display()})
    if task.pk in taken:
        return str(_("is given to an inspector already"))
    if not by.has_right(RIGHT, task.area_id):
        return str(_("lies outside your area"))
    refusal = not_the_installer(task, inspector)
    return refusal.sentence if refusal else ""


def _share(tasks: list[Task], agency: Agency, seed: str) -> list[Task]:
    """As many as the contract's share asks for, rounded up."""
    if agency.share_percent >= 100 or not tasks:
        return tasks
    wanted = -(-len(tasks) * agency.share_percent // 100)
    by_key = {task.pk: task for task in tasks}
    return [by_key[key] for key in draw(sorted(by_key), wanted, seed or agency.contract_no)]
