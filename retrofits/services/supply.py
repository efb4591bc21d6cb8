"""What a place has ready for gas, step by step (J-11, J-12, D-12), and reasons given at soft gates."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core import clock
from core.areas import ancestors, is_inside
from core.refusals import Refused
from programmes.models import Programme
from retrofits.gate_facts import GateBook
from retrofits.gates.judging import GATES
from retrofits.models import GateReason, SupplyStep, Task
from retrofits.services.enterprises import ENTER, may

Step = SupplyStep.Step
AFTER: dict[str, tuple[str, ...]] = {
    Step.PLAN: (),
    Step.DESIGN: (Step.PLAN,),
    Step.CONTRACT: (Step.PLAN,),
    Step.INFRASTRUCTURE: (Step.PLAN, Step.CONTRACT),
    Step.SAFETY: (Step.PLAN, Step.CONTRACT, Step.INFRASTRUCTURE),
}
"""What has to stand before a step: first the plan, then the contract, then the works."""


@transaction.atomic
def record_step(
    *,
    programme: Programme,
    area: Area,
    step: str,
    done_on: date,
    party: str,
    paper_no: str,
    valid_until: date | None = None,
    note: str = "",
    by: User,
    today: date | None = None,
) -> SupplyStep:
    """Write down a step of a place; it holds for everything below it. A second entry replaces the first.

    Raises `Refused` STEP_FAULTY, STEP_OUT_OF_ORDER naming the step that is missing or later.
    """
    may(by, ENTER, area.code)
    _refuse_faulty(programme, area, step, done_on, party, paper_no, valid_until, today or clock.today())
    for earlier in AFTER[step]:
        _refuse_without(programme, area, earlier, done_on)
    made, _new = SupplyStep.objects.update_or_create(
        programme=programme, area=area, step=step,
        defaults={
            "done_on": done_on, "party": party.strip()[:120], "paper_no": paper_no.strip()[:80],
            "valid_until": valid_until, "note": note.strip()[:300], "recorded_by": by,
        },
    )  # fmt: skip
    return made


def _refuse_faulty(
    programme: Programme,
    area: Area,
    step: str,
    done_on: date,
    party: str,
    paper_no: str,
    until: date | None,
    today: date,
) -> None:
    if step not in AFTER:
        raise Refused("STEP_FAULTY", _("“%(step)s” is no step."), step=step[:20])
    if not is_inside(area.code, programme.area_id):
        raise Refused("STEP_FAULTY", _("%(place)s lies outside the programme."), place=area.name)
    if not party.strip() or not paper_no.strip():
        raise Refused("STEP_FAULTY", _("A step needs the unit that did it and the number of its paper."))
    if done_on > today:
        raise Refused("STEP_FAULTY", _("It can't have been done in the future (%(day)s)."), day=done_on)
    if until and until < done_on:
        raise Refused("STEP_FAULTY", _("It would end (%(end)s) before it was done."), end=until)


def _refuse_without(programme: Programme, area: Area, step: str, by_day: date) -> None:
    above = [area.code, *ancestors(area.code)]
    known = programme.supply_steps.filter(Q(area_id__in=above), step=step, done_on__lte=by_day)
    if not known.exists():
        words = _("Plan, contract, works, in this order: “%(step)s” is not recorded by %(day)s.")
        raise Refused("STEP_OUT_OF_ORDER", words, step=Step(step).label, day=by_day)


@transaction.atomic
def give_reason(*, task: Task, gate: str, reason: str, by: User) -> GateReason:
    """Let one task through a soft gate, with words that stay. Raises `Refused` NO_SUCH_GATE, GATE_IS_HARD,
    REASON_MISSING; PermissionDenied without the right over the place."""
    may(by, ENTER, task.area_id)
    rule = next((one for one in GateBook(task.programme).rules if one.gate == gate and gate in GATES), None)
    if rule is None:
        raise Refused("NO_SUCH_GATE", _("The programme asks for no such gate."))
    if rule.hard:
        raise Refused(
            "GATE_IS_HARD", _("%(clause)s lets no reason stand; put right what is missing."), clause=rule.clause
        )
    if not reason.strip():
        raise Refused("REASON_MISSING", _("Say why: the reason is kept in the history."))
    made, _new = GateReason.objects.update_or_create(
        task=task, gate=gate, defaults={"area_id": task.area_id, "reason": reason.strip()[:300], "given_by": by}
    )
    return made
