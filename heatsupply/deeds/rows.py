"""Deeds of one row: what stands behind the buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.models import User
from core import clock
from heatsupply.models import (
    EfficiencyWork,
    HeatPaper,
    HeatSource,
    NetworkCheck,
    RenewalPlan,
    RenewalSegment,
    SupplyIssue,
)
from heatsupply.services import compounds, networks, plans

RowAct = Callable[[Any, Any, User], Any]
"""(row, the valid form of day, words and state, person)."""


def _retire(row: Any, form: Any, by: User) -> Any:
    return networks.retire_source(source=row, by=by)


def _today(service: Callable[..., Any], row_name: str, day: str, *, today: bool = False) -> RowAct:
    def act(row: Any, form: Any, by: User) -> Any:
        more = {"today": clock.today()} if today else {}
        return service(**{row_name: row, day: form.on_or_today()}, **more, by=by)

    return act


def _put_right(row: Any, form: Any, by: User) -> Any:
    return networks.put_right(check=row, done_on=form.on_or_today(), done_words=form.cleaned_data["words"], by=by)


def _paper_state(row: Any, form: Any, by: User) -> Any:
    return plans.move_paper(paper=row, state=form.cleaned_data["state"], remark=form.cleaned_data["words"], by=by)


def _paper_file(row: Any, form: Any, by: User) -> Any:
    sent = form.cleaned_data["file"]
    content = sent.read() if sent and sent.size <= plans.MAX_PAPER else b""
    return plans.replace_file(paper=row, content=content, by=by)


def _issue_state(row: Any, form: Any, by: User) -> Any:
    data = form.cleaned_data
    return plans.move_issue(issue=row, state=data["state"], progress=data["words"], on=form.on_or_today(), by=by)


ROW_DEEDS: dict[str, tuple[type[Any], RowAct]] = {
    "start": (HeatSource, _today(networks.start_source, "source", "on")),
    "retire": (HeatSource, _retire),
    "put_right": (NetworkCheck, _put_right),
    "finish": (EfficiencyWork, _today(compounds.finish_work, "work", "done_on")),
    "approve": (RenewalPlan, _today(plans.approve_plan, "plan", "on")),
    "laid": (RenewalSegment, _today(plans.lay_anew, "line", "done_on", today=True)),
    "paper_state": (HeatPaper, _paper_state),
    "paper_file": (HeatPaper, _paper_file),
    "issue_state": (SupplyIssue, _issue_state),
}


def row_of(deed: str, user: User, key: str) -> Any:
    """The row a button names, where the person may read it; None otherwise."""
    model = ROW_DEEDS[deed][0]
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0
    if model is RenewalSegment:
        rows = RenewalSegment.objects.filter(plan__in=RenewalPlan.objects.visible_to(user)).select_related("plan")
        return rows.filter(pk=number).first()
    return model.objects.visible_to(user).filter(pk=number).first()
