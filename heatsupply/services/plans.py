"""Renewal plans with their money, papers, issues, heated areas (B-04, B-16, B-24, B-25, B-37, B-40, B-44)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from core.files import delete_file, store_bytes
from core.money import format_yuan
from core.refusals import Refused
from heatsupply.models import (
    AreaReport,
    HeatingCompany,
    HeatPaper,
    PipeSegment,
    RenewalFunds,
    RenewalPlan,
    RenewalSegment,
    SupplyIssue,
)
from heatsupply.rules.pipes import FULL_YEARS, why_due
from heatsupply.services.permits import demand_keeper, demand_manager
from households.models import Document

MAX_PAPER = 10 * 2**20
PDF = b"%PDF-"
BOUND = {HeatPaper.Kind.CONTINGENCY, HeatPaper.Kind.COST_AUDIT}
"""Papers about a company; the others are of a place."""


@transaction.atomic
def draft_plan(
    *, company: HeatingCompany, year: int, name: str, cost_fen: int, funds: Mapping[str, int],
    segments: Sequence[PipeSegment], by: User, full_years: int = FULL_YEARS,
) -> RenewalPlan:  # fmt: skip
    """Pipes of a company that are renewed in a year, each due by age or condition, and whose money pays for it (B-16).

    Raises `Refused` PLAN_FAULTY naming the segments that are not due or of another company, FUNDS_NOT_COST, PLAN_KNOWN.
    """
    demand_keeper(by, company)
    if not name.strip() or cost_fen <= 0 or not segments:
        raise Refused("PLAN_FAULTY", _("A plan needs a name, a cost and at least one segment."))
    why = {one: why_due(one.year_laid, one.conditions, year, full_years) for one in segments}
    strange = [one.code for one in segments if not why[one] or one.network.company_id != company.pk]
    if strange:
        said = _("Not due in %(year)s, or of another company: %(codes)s")
        raise Refused("PLAN_FAULTY", said, year=year, codes="、".join(strange[:20]))
    _demand_funds(funds, cost_fen)
    if company.plans.filter(year=year, name=name.strip()).exists():
        raise Refused("PLAN_KNOWN", _("There is a plan of this year and name already."), conflict=True)
    plan = RenewalPlan.objects.create(
        company=company, area_id=company.area_id, year=year, name=name.strip()[:80], cost_fen=cost_fen, drafted_by=by
    )
    RenewalSegment.objects.bulk_create([RenewalSegment(plan=plan, segment=one, why=list(why[one])) for one in segments])
    RenewalFunds.objects.bulk_create(
        [RenewalFunds(plan=plan, source=source, amount_fen=fen) for source, fen in funds.items() if fen]
    )
    return plan


def _demand_funds(funds: Mapping[str, int], cost_fen: int) -> None:
    """Every yuan of the cost has a source of the list (B-40), and no source gives what the plan does not cost."""
    unknown = set(funds) - set(RenewalFunds.Source.values)
    if unknown or any(fen < 0 for fen in funds.values()):
        raise Refused("PLAN_FAULTY", _("Money comes from the sources of the list and is not negative."))
    if sum(funds.values()) != cost_fen:
        said = _("The sources give %(funds)s CNY, the plan costs %(cost)s CNY.")
        raise Refused("FUNDS_NOT_COST", said, funds=format_yuan(sum(funds.values())), cost=format_yuan(cost_fen))


@transaction.atomic
def approve_plan(*, plan: RenewalPlan, on: date, by: User) -> RenewalPlan:
    """By the county, and never by whoever drafted it. Raises `Refused` OWN_WORK, PLAN_STATE (409)."""
    demand_manager(by, plan.area_id)
    kept: RenewalPlan = RenewalPlan.objects.select_for_update(of=("self",)).select_related("drafted_by").get(pk=plan.pk)
    if kept.state != RenewalPlan.State.DRAFT:
        raise Refused("PLAN_STATE", _("It is approved already."), conflict=True)
    if kept.drafted_by.person_no == by.person_no:
        raise Refused("OWN_WORK", _("You drafted this plan yourself; somebody else has to approve it."))
    kept.state, kept.approved_by, kept.approved_on = RenewalPlan.State.APPROVED, by, on
    kept.save(update_fields=["state", "approved_by", "approved_on"])
    return kept


@transaction.atomic
def lay_anew(*, line: RenewalSegment, done_on: date, by: User, today: date) -> RenewalSegment:
    """The pipe was laid anew: its year is that of the day and its condition is good, so it is no longer due.

    Raises `Refused` PLAN_STATE (409) where the plan is not approved or the pipe is done, DAY_FAULTY.
    """
    demand_keeper(by, line.plan)
    kept: RenewalSegment = RenewalSegment.objects.select_for_update(of=("self",)).select_related("plan").get(pk=line.pk)
    if kept.done_on or kept.plan.state != RenewalPlan.State.APPROVED:
        raise Refused("PLAN_STATE", _("The plan is not approved, or the pipe is laid already."), conflict=True)
    if done_on > today:
        raise Refused("DAY_FAULTY", _("The day must not lie in the future."))
    segment = PipeSegment.objects.select_for_update().get(pk=kept.segment_id)
    segment.year_laid, segment.conditions = done_on.year, []
    segment.save(update_fields=["year_laid", "conditions"])
    kept.done_on = done_on
    kept.save(update_fields=["done_on"])
    return kept


@transaction.atomic
def keep_paper(
    *, area: Area, company: HeatingCompany | None, kind: str, title: str, number: str = "", dated_on: date,
    valid_until: date | None = None, content: bytes = b"", by: User,
) -> HeatPaper:  # fmt: skip
    """A paper with, where sent, its PDF. Of a company: contingency plan, cost audit; the others are a place's.

    Raises `Refused` PAPER_FAULTY, PAPER_UNUSABLE, PAPER_KNOWN.
    """
    if kind not in HeatPaper.Kind.values or not title.strip():
        raise Refused("PAPER_FAULTY", _("Choose the kind of paper and give its title."))
    if (kind in BOUND) != (company is not None):
        raise Refused("PAPER_FAULTY", _("Contingency plans and cost audits name a company, other papers none."))
    if company is None:
        demand_manager(by, area.code)
    else:
        demand_keeper(by, company)
    place = company.area_id if company else area.code
    if HeatPaper.objects.filter(area_id=place, company=company, kind=kind, title=title.strip()).exists():
        raise Refused("PAPER_KNOWN", _("“%(name)s” is registered already."), conflict=True, name=title.strip())
    return HeatPaper.objects.create(
        area_id=place, company=company, kind=kind, title=title.strip()[:120], number=number.strip()[:80],
        dated_on=dated_on, valid_until=valid_until, recorded_by=by,
        document=_stored(place, title.strip(), content, by) if content else None,
    )  # fmt: skip


def _stored(area_code: str, title: str, content: bytes, by: User) -> Document:
    if len(content) > MAX_PAPER or not content.startswith(PDF):
        raise Refused("PAPER_UNUSABLE", _("Send the paper as a PDF of at most 10 MB."))
    stored = store_bytes(content)
    try:
        with transaction.atomic():
            return Document.objects.create(
                area_id=area_code, kind="heat_paper", file_name=f"{title[:80]}.pdf", content_type="application/pdf",
                stored_name=stored.key, sha256=stored.sha256, size_bytes=stored.size, uploaded_by=by,
            )  # fmt: skip
    except BaseException:
        delete_file(stored.key)
        raise


@transaction.atomic
def replace_file(*, paper: HeatPaper, content: bytes, by: User) -> HeatPaper:
    """The PDF of a paper that is being written or was sent back (B-36, B-37); the earlier one stays in the history.

    Raises `Refused` PAPER_STATE (409), PAPER_UNUSABLE.
    """
    kept: HeatPaper = HeatPaper.objects.select_for_update(of=("self",)).select_related("company").get(pk=paper.pk)
    if kept.company_id:
        demand_keeper(by, kept)
    else:
        demand_manager(by, kept.area_id)
    if kept.state not in (HeatPaper.State.DRAFT, HeatPaper.State.RETURNED):
        said = _("It is “%(state)s” by now; this step is no longer open. Load the page again.")
        raise Refused("PAPER_STATE", said, conflict=True, state=kept.get_state_display())
    kept.document = _stored(kept.area_id, kept.title, content, by)
    kept.save(update_fields=["document"])
    return kept


@transaction.atomic
def move_paper(*, paper: HeatPaper, state: str, remark: str = "", by: User) -> HeatPaper:
    """Sent up by whoever keeps it; put in force or sent back (with words) by the county. Raises PAPER_STATE."""
    states = HeatPaper.State
    if state == states.SENT and paper.company_id:
        demand_keeper(by, paper)
    else:
        demand_manager(by, paper.area_id)
    steps = {states.DRAFT: {states.SENT}, states.RETURNED: {states.SENT}, states.SENT: {states.ISSUED, states.RETURNED}}
    if state not in steps.get(HeatPaper.State(paper.state), set()):
        said = _("It is “%(state)s” by now; this step is no longer open. Load the page again.")
        raise Refused("PAPER_STATE", said, conflict=True, state=paper.get_state_display())
    if state == states.RETURNED and not remark.strip():
        raise Refused("REASON_MISSING", _("Say in words why it is sent back."))
    paper.state, paper.remark = state, remark.strip()[:300]
    paper.save(update_fields=["state", "remark"])
    return paper


@transaction.atomic
def open_issue(
    *, area: Area, company: HeatingCompany | None = None, title: str, owner_unit: str, clause: str = "",
    due_on: date | None = None, by: User,
) -> SupplyIssue:  # fmt: skip
    """Something a county has to settle (B-44). Raises `Refused` ISSUE_FAULTY, ISSUE_KNOWN."""
    demand_manager(by, area.code)
    if not (title.strip() and owner_unit.strip()):
        raise Refused("ISSUE_FAULTY", _("An issue needs its title and the unit that settles it."))
    if company is not None and not company.area_id.startswith(area.code):
        raise Refused("ISSUE_FAULTY", _("The company is of another county."))
    if SupplyIssue.objects.filter(area=area, title=title.strip()).exists():
        raise Refused("ISSUE_KNOWN", _("“%(name)s” is registered already."), conflict=True, name=title.strip())
    return SupplyIssue.objects.create(
        area=area, company=company, title=title.strip()[:120], owner_unit=owner_unit.strip()[:80],
        clause=clause.strip()[:40], due_on=due_on, recorded_by=by,
    )  # fmt: skip


@transaction.atomic
def move_issue(*, issue: SupplyIssue, state: str, progress: str, on: date, by: User) -> SupplyIssue:
    """Where it stands, in words. Raises `Refused` REASON_MISSING, ISSUE_STATE (409)."""
    demand_manager(by, issue.area_id)
    if issue.state == SupplyIssue.State.SETTLED or state not in SupplyIssue.State.values:
        raise Refused("ISSUE_STATE", _("It is settled already."), conflict=True)
    if not progress.strip():
        raise Refused("REASON_MISSING", _("Say in words where it stands."))
    issue.state, issue.progress = state, progress.strip()[:300]
    issue.settled_on = on if state == SupplyIssue.State.SETTLED else None
    issue.save(update_fields=["state", "progress", "settled_on"])
    return issue


@transaction.atomic
def report_area(*, company: HeatingCompany, year: int, heated_area_m2: int, by: User, today: date) -> AreaReport:
    """Heated area of a company at a year's end; reported again it replaces the figure. Raises `Refused` AREA_FAULTY."""
    demand_keeper(by, company)
    if heated_area_m2 < 0 or not 2000 <= year <= today.year:
        raise Refused("AREA_FAULTY", _("The year lies in the future, or the area is negative."))
    made, _new = AreaReport.objects.update_or_create(
        company=company, year=year, defaults={"heated_area_m2": heated_area_m2, "recorded_by": by}
    )
    return made
